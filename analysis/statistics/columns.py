"""An axis as the columns of a linear model: a column a level, or a column a knot of a curve.

Both sum to 1 in every row, so that a coefficient is the score at a level or at a knot, and what a
model makes of the one it makes of the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_KNOTS = 4
ROWS_A_KNOT = 6
NOTHING = 1e-8
"""Of a column's squared length: what is left of one that is made of others."""

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def level_columns(codes: Codes, levels: int) -> Floats:
    """Who stands at which level, (rows, levels).

    Args:
        codes: the number of each row's level, (rows,).
        levels: how many there are.
    """
    columns = np.zeros((len(codes), levels))
    columns[np.arange(len(codes)), codes] = 1.0
    return columns


def knots_of(values: Floats) -> Floats:
    """Where a curve may bend: the ends and equally full parts between, at most four knots.

    A curve through four knots has three degrees of freedom besides its height; with fewer than six
    rows a knot there are fewer knots, at least two (a straight line).

    Args:
        values: of a continuous axis, on the scale it is searched on, (rows,); two differ.
    """
    wanted = min(MOST_KNOTS, max(2, len(values) // ROWS_A_KNOT))
    return np.unique(np.quantile(np.unique(values), np.linspace(0, 1, wanted)))


def curve_columns(values: Floats, knots: Floats) -> Floats:
    """The natural cubic spline that is 1 at one knot and 0 at the others, (rows, knots).

    Source: Hastie, Tibshirani and Friedman 2009, The Elements of Statistical Learning, 5.2.1.

    Args:
        values: within the knots' range, (rows,).
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
