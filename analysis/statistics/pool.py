"""The pooled noise of a table: arms with few seeds borrow the noise of all arms, under guard.

A score is the sum of its arm's mean, its seed's luck (shared by all arms) and noise. The residual,
score - arm mean - seed mean + grand mean, contains only the noise. The mean square of all residuals
has (arms - 1)(seeds - 1) degrees of freedom, where a single arm has only seeds - 1. The pool is
correct only where all arms are equally noisy, so it is guarded:

- an arm that is noisier than the pool uses its own variance (Grubbs 1948, "On estimating
  precision of measuring instruments", J. Amer. Statist. Assoc. 43). An arm also uses its own
  degrees of freedom if its variance exceeds what chance explains in nine of ten cases. The control
  enters every comparison: it uses its own degrees of freedom wherever it is noisier at all;
- the sum of both variances has the degrees of freedom of Satterthwaite 1946, "An approximate
  distribution of estimates of variance components", Biometrics Bulletin 2;
- the variance of a difference is never below its own sample variance;
- the pool never counts as more than six arms: with more, a test would trust equal noise more than
  the difference itself. ``benchmarks/calibration.py`` shows what happens without the guard.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

CHANCE = 0.9
MOST_ARMS = 6
_TINY = 1e-20  # squared rounding errors, relative to the squared scores


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """The noise of a table of scores.

    Attributes:
        scores: (arms, seeds), NaN where a cell is missing.
        means: mean of each arm, adjusted for the seeds that the arm lacks.
        counts: number of seeds of each arm.
        variance: pooled variance of a score within its arm and seed; 0 where nothing is known.
        df: degrees of freedom of ``variance``; 0 where nothing is known.
        own: each arm's own variance; 0 where it cannot be separated from the others' variance.
    """

    scores: Floats
    means: Floats
    counts: Indices
    variance: float
    df: float
    own: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Differences:
    """Arms minus controls, paired by seed.

    Attributes:
        means: mean difference of each pair; NaN where the two share no seed.
        counts: number of seeds that the two share.
        variances: guarded variance of one seed's difference.
        df: degrees of freedom of ``variances``; 1 where nothing is known.
        spread: guarded standard deviation of a single score of the two arms.
    """

    means: Floats
    counts: Indices
    variances: Floats
    df: Floats
    spread: Floats

    @property
    def errors(self) -> Floats:
        """Standard errors of the means; 0 where nothing is known."""
        errors: Floats = np.sqrt(self.variances / np.maximum(self.counts, 1))
        return errors


def pool(scores: Floats) -> Pool:
    """The noise of a table, by least squares of arms and seeds where cells are missing.

    Args:
        scores: (arms, seeds), finite, or NaN where a cell is missing.
    """
    there = np.isfinite(scores)
    filled = np.where(there, scores, 0.0)
    counts = there.sum(axis=1)
    plain = filled.sum(axis=1) / np.maximum(counts, 1)
    shares = there / np.maximum(counts, 1)[:, None]
    # Normal equations of the seeds, after the arm means are projected out.
    normal = np.diag(there.sum(axis=0).astype(float)) - there.T.astype(float) @ shares
    inverse, rank = _inverse(normal)
    luck = inverse @ (filled.sum(axis=0) - there.T @ plain)
    means = plain - shares @ luck
    residuals = np.where(there, filled - means[:, None] - luck, 0.0)
    squares = np.sum(residuals**2, axis=1)
    seen = counts > 0
    df = float(there.sum() - seen.sum() - rank)
    least = _TINY * float(np.max(np.abs(filled), initial=0.0)) ** 2
    variance = float(squares.sum()) / df if df > 0 else 0.0
    return Pool(
        scores=scores,
        means=np.where(seen, means, np.nan),
        counts=counts,
        variance=variance if variance > least else 0.0,
        df=df,
        own=_own(squares, counts, least),
    )


def _inverse(normal: Floats) -> tuple[Floats, int]:
    """The pseudoinverse of a symmetric matrix, and its rank."""
    sizes, vectors = np.linalg.eigh(normal)
    kept = sizes > 1e-9 * max(1.0, float(sizes.max(initial=0.0)))
    inverse: Floats = (vectors[:, kept] / sizes[kept]) @ vectors[:, kept].T
    return inverse, int(kept.sum())


def _own(squares: Floats, counts: Indices, least: float) -> Floats:
    """Grubbs' estimates of the arms' variances; 0 where fewer than three arms have two seeds."""
    several = counts > 1
    arms = int(several.sum())
    if arms < 3:
        return np.zeros(len(squares))
    within = np.where(several, squares / np.maximum(counts - 1, 1), 0.0)
    own = arms / (arms - 2) * (within - within.sum() / (arms * (arms - 1)))
    return np.where(several & (own > least), own, 0.0)


def differences(
    found: Pool, arms: Indices, controls: Indices, *, strict: bool = False
) -> Differences:
    """The guarded differences of pairs.

    Args:
        found: the noise of the table.
        arms: row of the arm of each pair.
        controls: row of the control of each pair, which is subtracted.
        strict: whether arms are guarded as strictly as controls.
    """
    by_seed = found.scores[arms] - found.scores[controls]  # (pairs, seeds)
    there = np.isfinite(by_seed)
    counts = there.sum(axis=1)
    filled = np.where(there, by_seed, 0.0)
    means = np.where(counts > 0, filled.sum(axis=1) / np.maximum(counts, 1), np.nan)
    squares = np.where(there, by_seed - means[:, None], 0.0) ** 2
    df = np.maximum(counts - 1, 1).astype(float)
    sample = squares.sum(axis=1) / df
    allowed = 1.0 if strict else _excess(df, found.df)
    arm, control = found.own[arms], found.own[controls]
    brings = (arm > allowed * found.variance, control > found.variance)
    parts = (np.maximum(arm, found.variance), np.maximum(control, found.variance))
    together = parts[0] + parts[1]
    alone = sum(np.where(b, part, 0.0) ** 2 for b, part in zip(brings, parts, strict=True)) / df
    shared = sum(np.where(b, 0.0, part) for b, part in zip(brings, parts, strict=True))
    trusted = np.minimum(max(found.df, 1.0), MOST_ARMS * df)
    weight = alone + shared**2 / trusted
    satterthwaite = together**2 / np.where(weight > 0, weight, 1.0)
    tiny = (
        sample
        <= _TINY * np.max(np.abs(found.scores), initial=0.0, where=~np.isnan(found.scores)) ** 2
    )
    return Differences(
        means=means,
        counts=counts,
        variances=np.maximum(together, np.where(tiny, 0.0, sample)),
        df=np.where(weight > 0, np.maximum(satterthwaite, df), df),
        spread=np.sqrt(together / 2),
    )


def _excess(df: Floats, pooled: float) -> Floats:
    """The ratio to the pooled variance that an equally noisy arm stays below in 9 of 10 cases."""
    known, where = np.unique(df, return_inverse=True)
    return np.array([_quantile(float(one), max(pooled, 1.0)) for one in known])[where]


@cache
def _quantile(df: float, pooled: float) -> float:
    return float(special.fdtri(df, pooled, CHANCE))
