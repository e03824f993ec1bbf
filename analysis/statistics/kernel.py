"""The similarity of two points of a search space: the product of one kernel per axis.

A point is a row of numbers. An axis with ``levels`` 0 is a number from 0 to 1, uniform over the
range of the axis. An axis with ``levels`` L > 0 is a choice, coded 0 to L - 1; all its choices are
equally far apart. NaN marks an axis that has no effect at this point.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Levels = Sequence[int]

ABSENT = 0.5  # value of a number without effect: the parent axis shows that it has none
_ROOT_3 = 3.0**0.5


def filled(points: Floats, levels: Levels) -> Floats:
    """``points`` with each NaN replaced: by an extra choice with code L, or by 0.5 for a number."""
    absent = np.array([float(count) or ABSENT for count in levels])
    whole: Floats = np.where(np.isnan(points), absent, points)
    return whole


def apart(one: Floats, other: Floats, levels: int) -> Floats:
    """Distances between two columns of one axis, (n, m); for choices 0 if equal and 1 if not."""
    distance: Floats = np.abs(one[:, None] - other[None, :])
    return np.minimum(np.ceil(distance), 1.0) if levels else distance


def log_kernel(distance: Floats, scale: float, levels: int) -> Floats:
    """The kernel's logarithm along one axis.

    Numbers have the Matern kernel of smoothness 3/2 (Rasmussen, Williams 2006, eq. 4.17). Choices
    have the Gaussian kernel of their one-hot codes.
    """
    if levels:
        return distance / -(scale**2)
    ratio = _ROOT_3 * distance / scale
    logs: Floats = np.log(1.0 + ratio) - ratio
    return logs


def log_slope(distance: Floats, scale: float, levels: int) -> Floats:
    """The derivative of ``log_kernel`` with respect to the logarithm of ``scale``."""
    if levels:
        return 2.0 * distance / scale**2
    ratio = _ROOT_3 * distance / scale
    slope: Floats = ratio**2 / (1 + ratio)
    return slope


def frequencies(scale: float, levels: int, count: int, rng: np.random.Generator) -> Floats:
    """Random frequencies whose cosines have the kernel as their covariance (Rahimi, Recht 2007).

    Returns:
        (count,) for a number; (levels + 1, count) phases for choices, the last row for "no effect".
    """
    if levels:
        return rng.normal(0.0, 1.0 / scale, (levels + 1, count))
    return rng.standard_t(3, count) / scale


def angle(column: Floats, frequency: Floats, levels: int) -> Floats:
    """The summand of one axis in the argument of the cosines, (n, count)."""
    added: Floats
    added = frequency[column.astype(int)] if levels else column[:, None] * frequency[None, :]
    return added
