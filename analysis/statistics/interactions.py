"""Whether two axes interact: what their cells explain beyond the effects of each axis alone."""

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
        spread: standard deviation over trials of the interaction, with the noise subtracted.
        f: mean square of the cells over the mean square of their noise.
        df1: degrees of freedom of the cells, after the sphericity correction.
        df2: degrees of freedom of the noise, after the same correction.
        p: p-value of the F test.
    """

    spread: float
    f: float
    df1: float
    df2: float
    p: float


def joint_effect(
    residual: Floats, rows: Codes, columns: Codes, *, spare: int, grid: bool
) -> Joint | None:
    """The interaction of two axes; None where it or its noise has no degrees of freedom.

    Args:
        residual: scores minus what each axis alone explains, (trials, seeds).
        rows: level of each trial on the first axis, (trials,).
        columns: level of each trial on the second axis, (trials,).
        spare: degrees of freedom between trials that remain after the effects of single axes.
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
    """The residual without the level means of each axis, which a curve or line may have missed."""
    own = span(np.hstack([level_columns(codes, int(codes.max()) + 1) for codes in (rows, columns)]))
    left: Floats = residual - own @ (own.T @ residual)
    return left
