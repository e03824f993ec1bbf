"""An axis as columns of a linear model: one column per level, or one per knot of a curve.

In both cases the columns of a row sum to 1. A coefficient is therefore the score at a level or at
a knot, and a model treats levels and knots alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_KNOTS = 4
ROWS_A_KNOT = 6
NOTHING = 1e-8
"""Relative squared length up to which a column counts as a combination of other columns."""

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def level_columns(codes: Codes, levels: int) -> Floats:
    """Indicator columns: 1 at the level of each row, else 0, (rows, levels).

    Args:
        codes: number of the level of each row, (rows,).
        levels: number of levels.
    """
    columns = np.zeros((len(codes), levels))
    columns[np.arange(len(codes)), codes] = 1.0
    return columns


def knots_of(values: Floats) -> Floats:
    """The knots of a curve: evenly spaced quantiles of the distinct values, at most four.

    A curve through four knots has three degrees of freedom besides its height. With fewer than six
    rows per knot there are fewer knots, but at least two (a straight line).

    Args:
        values: values of a continuous axis on its search scale, (rows,); at least two differ.
    """
    wanted = min(MOST_KNOTS, max(2, len(values) // ROWS_A_KNOT))
    return np.unique(np.quantile(np.unique(values), np.linspace(0, 1, wanted)))


def curve_columns(values: Floats, knots: Floats) -> Floats:
    """Natural cubic splines, each of which is 1 at one knot and 0 at the others, (rows, knots).

    Source: Hastie, Tibshirani and Friedman 2009, The Elements of Statistical Learning, 5.2.1.

    Args:
        values: values of the axis within the range of the knots, (rows,).
        knots: ascending, two or more.
    """
    if len(knots) == 2:
        share = (values - knots[0]) / (knots[1] - knots[0])
        return np.stack([1 - share, share], axis=1)
    from scipy.interpolate import CubicSpline  # slow to load: only where an axis is continuous

    columns: Floats = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")(values)
    return columns


def span(columns: Floats) -> Floats:
    """An orthonormal basis of the columns, (rows, rank)."""
    sizes, ways = np.linalg.eigh(columns.T @ columns)
    kept = sizes > NOTHING * float(sizes.max(initial=0.0))
    basis: Floats = columns @ ways[:, kept] / np.sqrt(sizes[kept])
    return basis
