"""How a cost grows: the exponent of a power law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.kernel import Floats
from analysis.statistics.tails import t_quantile

LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """``cost = factor * size ** exponent``, by least squares on logarithms.

    Attributes:
        exponent: with 1 the cost grows as the size, with 2 as the square of the size.
        low: lower end of the exponent's 95 % t interval; None for two sizes, which leave no error.
        high: upper end, None likewise.
        factor: the cost at size 1.
    """

    exponent: float
    low: float | None
    high: float | None
    factor: float


def power_law(sizes: Floats, costs: Floats) -> PowerLaw | None:
    """The power law through costs; None for fewer than two sizes.

    Args:
        sizes: (n,), above 0.
        costs: (n,), above 0.
    """
    if len(np.unique(sizes)) < 2:
        return None
    from scipy import stats  # loads every distribution: import it only where it is needed

    line = stats.linregress(np.log(sizes), np.log(costs))
    half = None
    if len(np.unique(sizes)) > 2:
        half = float(t_quantile((1 + LEVEL) / 2, len(sizes) - 2) * line.stderr)
    exponent = float(line.slope)
    return PowerLaw(
        exponent=exponent,
        low=None if half is None else exponent - half,
        high=None if half is None else exponent + half,
        factor=float(np.exp(line.intercept)),
    )
