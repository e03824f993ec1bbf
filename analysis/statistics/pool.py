"""A few seeds borrow their noise from the other arms, under guard.

A score is its arm's mean, its seed's luck, which all arms share, and noise. The residual, score -
arm mean - seed mean + grand mean, holds the noise alone; the mean square of all residuals has
(arms - 1)(seeds - 1) degrees of freedom where a single arm has seeds - 1. The pool is right only
where all arms are equally noisy, so it is guarded:

- an arm that is noisier than the pool brings its own variance (Grubbs 1948, "On estimating
  precision of measuring instruments", J. Amer. Statist. Assoc. 43). Where it is noisier by more
  than chance does in nine of ten cases, it brings its own degrees of freedom, too. The control
  enters every comparison: it does so wherever it is noisier at all;
- both variances together have the degrees of freedom of Satterthwaite 1946, "An approximate
  distribution of estimates of variance components", Biometrics Bulletin 2;
- the variance of a difference is never below its own sample variance;
- the pool never counts as more than six arms: beyond that a test is surer of equal noise than of
  the difference. ``benchmarks/calibration.py`` shows what happens without the guard.
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
_TINY = 1e-20  # squares of rounding, relative to the scores' own


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """The noise of a table of scores.

    Attributes:
        scores: (arms, seeds), NaN where a cell is missing.
        means: of each arm, adjusted for the seeds that it lacks.
        counts: how many seeds each arm has.
        variance: of a score within its arm and seed, over all arms; 0 where nothing is known.
        df: degrees of freedom of it; 0 where nothing is known.
        own: each arm's own variance; 0 where it cannot be told from the others'.
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
        means: of the differences; NaN where two share no seed.
        counts: how many seeds they share.
        variances: of one seed's difference, guarded.
        df: degrees of freedom of it; 1 where nothing is known.
        spread: standard deviation of one score of the two, guarded.
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
    # Normal equations of the seeds alone, what the arms explain taken out.
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
    """Grubbs' estimates; none where two arms share all the noise there is."""
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
        arms: a row of the table for each pair.
        controls: the row that is taken away.
        strict: both are guarded as the control is.
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
    """How much noisier than the pool an arm is by chance in nine of ten cases."""
    known, where = np.unique(df, return_inverse=True)
    return np.array([_quantile(float(one), max(pooled, 1.0)) for one in known])[where]


@cache
def _quantile(df: float, pooled: float) -> float:
    return float(special.fdtri(df, pooled, CHANCE))
