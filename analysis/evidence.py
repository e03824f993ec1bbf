"""What a handful of paired seeds can and cannot show: intervals, differences, corrections.

The unit is one seed of one trial. Intervals are Student's t over seeds: with 3 to 5 seeds a
bootstrap of the mean covers far less than it says (tests/analysis/test_evidence.py measures it).
Seeds that agree by chance are no proof: no interval is narrower than its test set can resolve.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
ALPHA = 0.05
MIN_SEEDS = 5  # below this many pairs nothing is decided
EXACT_SEEDS = 16  # 2**16 sign patterns are still enumerated
RANDOM_FLIPS = 100_000
SAME = 1e-12  # a spread below it is rounding
Z = float(stats.norm.ppf((1 + LEVEL) / 2))

Bounds = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over ``n`` seeds with its 95 % interval; one seed alone has none (``None``)."""

    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class Paired:
    """An arm minus its reference, seed by seed.

    Attributes:
        difference: mean difference with its interval, in the metric's unit.
        effect_size: mean over standard deviation of the differences (Cohen's d_z); None where
            they do not vary or are fewer than two.
        p: two-sided sign-flip permutation p-value.
        by_seed: the differences themselves.
        varies: whether they differ from one another at all.
    """

    difference: Interval
    effect_size: float | None
    p: float
    by_seed: dict[int, float]
    varies: bool


def mean_interval(
    values: Sequence[float], *, bounds: Bounds | None = None, sequences: int | None = None
) -> Interval | None:
    """Mean and 95 % t interval over seeds; None for no values.

    Args:
        values: one number a seed, all finite.
        bounds: the metric's range; an interval never reaches outside it.
        sequences: how many a seed's accuracy counts: the interval is at least as wide as their
            binomial error; None for another kind of number.
    """
    mean = math.fsum(values) / len(values) if values else 0.0
    return _interval(values, bounds=bounds, sequences=sequences, rate=mean * (1 - mean))


def _interval(
    values: Sequence[float], *, bounds: Bounds | None, sequences: int | None, rate: float
) -> Interval | None:
    """``rate`` is the least variance that one sequence adds."""
    n = len(values)
    if n == 0:
        return None
    mean = math.fsum(values) / n
    if n == 1:
        return Interval(mean=mean, low=None, high=None, n=1)
    error = float(np.std(values, ddof=1)) / math.sqrt(n)
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * error
    half = max(half, resolution(rate, sequences and sequences * n))
    low, high = bounds or (-math.inf, math.inf)
    return Interval(mean=mean, low=max(low, mean - half), high=min(high, mean + half), n=n)


def resolution(rate: float, sequences: int | None) -> float:
    """Half of a 95 % interval that ``sequences`` alone allow, never 0 (Wilson's z² / n at 0)."""
    if not sequences:
        return 0.0
    return Z * math.sqrt(sequences * max(rate, 0.0) + Z**2) / sequences


def t_p(interval: Interval) -> float:
    """Two-sided p-value of a mean of 0, from its unclipped t interval; 1 for one seed."""
    if interval.low is None or interval.high is None:
        return 1.0
    half = (interval.high - interval.low) / 2
    if half == 0:
        return 1.0  # no spread, no resolution: nothing to go by
    degrees = interval.n - 1
    t = interval.mean / half * float(stats.t.ppf((1 + LEVEL) / 2, degrees))
    return float(2 * stats.t.sf(abs(t), degrees))


def sign_flip_p(differences: Sequence[float]) -> float:
    """Two-sided p-value of the mean difference if each sign were a coin toss.

    Exact for up to 16 differences (so never below 2 / 2**n); sampled with a fixed seed above.
    """
    d = np.asarray(differences, dtype=float)
    n = len(d)
    if n == 0:
        return 1.0
    observed = abs(d.sum()) * (1 - 1e-12)  # ties are ties in spite of rounding
    if n <= EXACT_SEEDS:
        patterns = np.arange(2**n)[:, None] >> np.arange(n) & 1
        return float(np.mean(np.abs((1 - 2 * patterns) @ d) >= observed))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(RANDOM_FLIPS, n))
    extreme = int(np.sum(np.abs(signs @ d) >= observed))
    return (extreme + 1) / (RANDOM_FLIPS + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment, in the order given."""
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def paired(
    arm: Mapping[int, float],
    reference: Mapping[int, float],
    *,
    bounds: Bounds | None = None,
    sequences: int | None = None,
) -> Paired | None:
    """``arm - reference`` over the seeds both have; None where they share none.

    Args:
        arm: seed to score.
        reference: the same for what it is compared with.
        bounds: the range of a difference.
        sequences: as in ``mean_interval``.
    """
    by_seed = {seed: arm[seed] - reference[seed] for seed in sorted(arm.keys() & reference.keys())}
    d = list(by_seed.values())
    # Two arms that differ by d disagree on at least that share of the sequences.
    apart = abs(math.fsum(d)) / len(d) if d else 0.0
    difference = _interval(d, bounds=bounds, sequences=sequences, rate=apart)
    if difference is None:
        return None
    spread = float(np.std(d, ddof=1)) if len(d) > 1 else 0.0
    return Paired(
        difference=difference,
        effect_size=difference.mean / spread if spread > SAME else None,
        p=sign_flip_p(d),
        by_seed=by_seed,
        varies=spread > SAME,
    )


def seeds_needed(comparisons: int) -> int:
    """The fewest seeds whose smallest sign-flip p-value survives Holm over ``comparisons``."""
    n = MIN_SEEDS
    while comparisons * 2 / 2**n > ALPHA:
        n += 1
    return n


def few(n: int) -> str:
    """Why ``n`` seeds decide nothing, where they do not; else nothing."""
    return f"undecided (n = {n} < {MIN_SEEDS} seeds)" if n < MIN_SEEDS else ""


def verdict(result: Paired, p_holm: float, *, comparisons: int, maximize: bool) -> str:
    """``better``, ``worse``, ``no detectable difference ...`` or ``undecided ...``."""
    d = result.difference
    if few(d.n) or d.low is None or d.high is None:
        return few(d.n)
    if p_holm <= ALPHA:
        return "better" if (d.mean > 0) == maximize else "worse"
    if not result.varies and d.mean == 0:
        return "no detectable difference; no seed differs, which excludes nothing"
    if d.low <= 0 <= d.high:
        beyond = max(-d.low, d.high)
        return f"no detectable difference; beyond ±{beyond:.3f} excluded"
    needed = seeds_needed(comparisons)
    if d.n < needed:
        return f"undecided (the interval excludes 0; {needed} seeds could decide)"
    return "undecided (the interval excludes 0, the corrected p-value does not)"
