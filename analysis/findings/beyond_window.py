"""Whether a score needs information from outside the attention window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.findings.curves import rows_of
from analysis.reading.arms import Arm
from analysis.statistics.correction import holm
from analysis.statistics.seed_interval import LEVEL, Bounds, Z
from analysis.statistics.tails import t_above, t_quantile

ALPHA = 0.05
MIN_SEEDS = 5
"""Fewer seeds decide nothing, because an arm borrows no noise from other arms here."""
BEATS_WINDOW = "beats its window: information crossed chunks"

Ceilings = Mapping[int, Mapping[int, float]]  # ceiling by trial number and seed
Floats = np.ndarray[Any, np.dtype[np.float64]]


def windows(found: Sequence[Arm], curves: pa.Table, bounds: Bounds | None) -> dict[int, str]:
    """The verdict on each trial that has a score and a ceiling, by trial number.

    Each seed's score is compared with the ceiling of this seed's own test set. The p-values are
    Student's, Holm-corrected over the trials.
    """
    ceilings = _by_seed(curves)
    said: dict[int, str] = {}
    compared: list[Arm] = []
    for arm in found:
        ceiling = arm.constants.get("window_ceiling")
        if ceiling is None or not arm.scores("test"):
            continue
        if arm.leaky:
            said[arm.number] = "LEAKY: says nothing"
        elif bounds and ceiling >= bounds[1]:
            said[arm.number] = "its window holds every answer"
        else:
            compared.append(arm)
    mean, p = _gaps(compared, ceilings, bounds)
    adjusted = holm(list(p))
    verdicts = {
        arm.number: _verdict(len(arm.scores("test")), gap, p_holm)
        for arm, gap, p_holm in zip(compared, mean, adjusted, strict=True)
    }
    return said | verdicts


def _gaps(
    compared: Sequence[Arm], ceilings: Ceilings, bounds: Bounds | None
) -> tuple[Floats, Floats]:
    """Mean of score minus ceiling and its two-sided p-value, (arms,) each.

    Seeds may agree by chance, so the error is at least the resolution of the test sets.
    """
    if not compared:
        return np.zeros(0), np.zeros(0)
    n, mean, sd, own, ceiling, counted = (np.zeros(len(compared)) for _ in range(6))
    for at, arm in enumerate(compared):
        scores, by_seed = arm.scores("test"), ceilings.get(arm.number, {})
        ceiling[at] = arm.constants["window_ceiling"]
        own[at] = scores.keys() <= by_seed.keys()
        d = [score - (by_seed[seed] if own[at] else ceiling[at]) for seed, score in scores.items()]
        n[at], mean[at], counted[at] = len(d), np.mean(d), arm.sequences("test", bounds) or 0
        sd[at] = np.std(d, ddof=1) if len(d) > 1 else 0.0
    quantile = t_quantile((1 + LEVEL) / 2, np.maximum(n - 1, 1))
    # Two scores that differ by d disagree on at least a share d of the sequences.
    half = np.maximum(quantile * sd / np.sqrt(n), _resolution(np.abs(mean), counted * n))
    # A ceiling for all seeds comes from one test set, so its own error is added.
    alone = np.where(own, 0.0, _resolution(ceiling * (1 - ceiling), counted))
    half = np.hypot(half, alone)
    known = (n > 1) & (half > 0)
    t = np.divide(mean * quantile, half, out=np.zeros_like(mean), where=known)
    return mean, np.where(known, 2 * t_above(np.abs(t), np.maximum(n - 1, 1)), 1.0)


def _resolution(rate: Floats, sequences: Floats) -> Floats:
    """As ``seed_interval.resolution``, on arrays: half width from the sequences alone."""
    known = sequences > 0
    size = np.where(known, sequences, 1.0)
    half: Floats = np.where(known, Z * np.sqrt(size * np.maximum(rate, 0) + Z**2) / size, 0.0)
    return half


def _verdict(n: int, gap: float, p_holm: float) -> str:
    if n < MIN_SEEDS:
        return f"undecided (n = {n} < {MIN_SEEDS} seeds)"
    if p_holm <= ALPHA:
        return BEATS_WINDOW if gap > 0 else "below its window"
    return "not detectably apart from its window"


def _by_seed(curves: pa.Table) -> dict[int, dict[int, float]]:
    """The last reported ceiling of each seed, by trial number and seed."""
    rows = rows_of(curves, "window_ceiling", by_seed=True)
    found: dict[int, dict[int, float]] = {}
    columns = (rows[name].to_pylist() for name in ("number", "seed", "amount"))
    for number, seed, amount in zip(*columns, strict=True):
        found.setdefault(number, {})[seed] = amount
    return found
