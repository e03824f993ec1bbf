"""Whether two axes act on each other: what their cells leave over once each axis has its say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.columns import level_columns, span
from analysis.statistics.repeated import sphericity
from analysis.statistics.tails import f_above

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Joint:
    """The strength of an interaction; it ranks pairs of axes.

    Attributes:
        spread: standard deviation over trials of what the cells leave over, without their noise.
        f: mean square of the cells over that of their noise.
        df1: degrees of freedom of the cells.
        df2: of the noise.
        p: of F.
    """

    spread: float
    f: float
    df1: float
    df2: float
    p: float


def joint_effect(
    residual: Floats, rows: Codes, columns: Codes, *, spare: int, grid: bool
) -> Joint | None:
    """Ranks a pair of axes; None where no cell is left over.

    Args:
        residual: scores less what each axis alone explains, (trials, seeds).
        rows: each trial's level of one axis, (trials,).
        columns: its level of the other, (trials,).
        spare: degrees of freedom between trials that the axes alone leave.
        grid: whether the noise is that of cell by seed, as on a balanced grid, or that of trials.
    """
    trials, seeds = residual.shape
    residual = _without_own(residual, rows, columns)
    cells, at = np.unique(rows * (int(columns.max()) + 1) + columns, return_inverse=True)
    df1: float = len(cells) - len(np.unique(rows)) - len(np.unique(columns)) + 1
    counts = np.bincount(at)
    sums = np.stack([np.bincount(at, weights=residual[:, s]) for s in range(seeds)], axis=1)
    means = sums / counts[:, None]  # (cells, seeds)
    centre = means.mean(axis=1)
    explained = seeds * float(counts @ centre**2)
    if grid:
        df2 = df1 * (seeds - 1)
        by_seed = np.sqrt(counts)[:, None] * (means - centre[:, None])
        noise = float(np.sum(by_seed**2))
        epsilon = sphericity(by_seed, int(df1)) if df1 > 0 else 1.0
    else:
        df2, epsilon = spare - df1, 1.0
        noise = seeds * float(np.sum(residual.mean(axis=1) ** 2)) - explained
    if df1 < 1 or df2 < 1:
        return None
    square = max(noise, 0.0) / df2
    largest = float(np.max(np.abs(residual), initial=0.0))
    known = square > (1e-12 * largest) ** 2
    f = explained / df1 / square if known else 0.0
    return Joint(
        spread=float(np.sqrt(max(0.0, explained - df1 * square) / (trials * seeds))),
        f=f,
        df1=epsilon * df1,
        df2=epsilon * df2,
        p=float(f_above(f, epsilon * df1, epsilon * df2)) if known else 1.0,
    )


def _without_own(residual: Floats, rows: Codes, columns: Codes) -> Floats:
    """Less what each axis explains alone, which a curve or a straight line may have missed."""
    own = span(np.hstack([level_columns(codes, int(codes.max()) + 1) for codes in (rows, columns)]))
    left: Floats = residual - own @ (own.T @ residual)
    return left
