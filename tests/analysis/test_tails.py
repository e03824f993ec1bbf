"""Tails of t and F: the numbers of ``scipy.stats``, far out too."""

from __future__ import annotations

import numpy as np
from scipy import stats

from analysis.statistics.tails import f_above, f_quantile, t_above, t_quantile

DEGREES = np.array([1.0, 1.7, 4, 30, 2000])[:, None]
SIZES = np.array([0.0, 0.3, 2, 15, 1e4])
SHARES = np.array([1e-9, 0.01, 0.5, 0.975, 1 - 1e-9])


def test_tails_are_those_of_scipy() -> None:
    assert np.allclose(t_above(SIZES, DEGREES), stats.t.sf(SIZES, DEGREES), rtol=1e-10)
    assert np.allclose(t_quantile(SHARES, DEGREES), stats.t.ppf(SHARES, DEGREES), rtol=1e-8)
    assert np.allclose(f_above(SIZES, 2.5, DEGREES), stats.f.sf(SIZES, 2.5, DEGREES), rtol=1e-10)
    assert np.allclose(f_quantile(SHARES, 3, DEGREES), stats.f.ppf(SHARES, 3, DEGREES), rtol=1e-8)


def test_a_quadratic_form_that_rounding_left_below_zero_says_nothing() -> None:
    assert f_above(-1e-18, 2, 9) == stats.f.sf(-1e-18, 2, 9) == 1.0


def test_degrees_are_not_swapped() -> None:
    """Negative control: the other order gives other numbers."""
    assert not np.isclose(f_above(3.0, 2, 9), stats.f.sf(3.0, 9, 2), rtol=1e-3)
    assert not np.isclose(t_above(2.0, 3), stats.t.sf(3.0, 2), rtol=1e-3)
