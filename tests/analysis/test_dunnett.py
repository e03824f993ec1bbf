"""Critical values of many comparisons with one control, against scipy, tables and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.dunnett import _table, critical, tail


def test_critical_values_are_the_same_in_every_process() -> None:
    """A process draws its own state of numpy's global generator; scipy used it."""
    df, found = np.array([1.0, 2.3, 7.0, 40.0]), set()
    for seed in range(4):
        np.random.seed(seed)
        _table.cache_clear()
        found.add(critical(0.027, df, 11).tobytes())
    assert len(found) == 1


@pytest.mark.parametrize("df", [1.0, 2.0, 3.7, 12.0, 400.0])
def test_one_comparison_is_students_t(df: float) -> None:
    assert critical(0.03, np.array([df]), 1)[0] == pytest.approx(stats.t.isf(0.015, df), rel=1e-3)
    assert critical(0.03, np.array([df]), 1, sided=1)[0] == pytest.approx(
        stats.t.isf(0.03, df), rel=1e-3
    )


@pytest.mark.parametrize(
    ("df", "many", "published"),
    [(5, 2, 3.03), (10, 2, 2.57), (20, 9, 2.95), (60, 9, 2.77)],
)
def test_published_values(df: float, many: int, published: float) -> None:
    """Dunnett 1964, table of two-sided 5 % points."""
    assert critical(0.05, np.array([float(df)]), many)[0] == pytest.approx(published, abs=0.006)


def test_the_multivariate_t_of_scipy_agrees() -> None:
    reach = critical(0.05, np.array([7.0]), 5)[0]
    joint = stats.multivariate_t(shape=0.5 * np.eye(5) + 0.5, df=7, seed=0)
    inside = joint.cdf(np.full(5, reach), lower_limit=np.full(5, -reach), maxpts=100_000)
    assert inside == pytest.approx(0.95, abs=5e-4)


@pytest.mark.parametrize("sided", [1, 2])
def test_as_often_as_in_a_simulation(sided: int) -> None:
    rng = np.random.default_rng(0)
    t = (rng.standard_normal((200_000, 1)) + rng.standard_normal((200_000, 11))) / np.sqrt(2)
    t /= np.sqrt(rng.chisquare(4, (200_000, 1)) / 4)
    largest = np.max(t if sided == 1 else np.abs(t), axis=1)
    reach = critical(0.03, np.array([4.0]), 11, sided=sided)[0]
    assert np.mean(largest > reach) == pytest.approx(0.03, abs=0.0015)
    alone = stats.t.isf(0.03 / sided, 4)  # negative control: nothing corrected
    assert np.mean(largest > alone) > 0.08


@pytest.mark.parametrize("many", [1, 11, 60, 999])
def test_tail_and_critical_value_are_inverse(many: int) -> None:
    df = np.array([1.0, 2.0, 3.3, 9.0, 50.0, 3000.0])
    for level in (0.027, 0.0043):
        p = tail(critical(level, df, many), df, many)
        assert p == pytest.approx(np.full(len(df), level), rel=5e-3)


def test_more_comparisons_need_more() -> None:
    df = np.array([8.0])
    values = [critical(0.05, df, many)[0] for many in (1, 2, 11, 60)]
    assert values == sorted(values)
    bonferroni = stats.t.isf(0.025 / 11, 8)
    assert values[2] < bonferroni


def test_another_process_has_the_same_digits() -> None:
    """Of a fresh table, to the last one: a report is the same byte for byte."""
    df = np.linspace(1, 60, 500)

    def digits() -> bytes:
        _table.cache_clear()
        return critical(0.05, df, 11).tobytes()

    assert len({digits() for _ in range(4)}) == 1
