"""How much of the spread over trials each axis explains, with what resampling makes of it.

Two methods side by side: fANOVA (share of the variance over the whole space) and PED-ANOVA (what
it takes to be among the best). Either always hands out 100 %, also over pure noise; so an axis is
called detectable only by a permutation test, and a rank is given only where resampling keeps it.
With fewer than five seeds neither is said at all: shares and p-values stand there undecided.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.evidence import ALPHA, MIN_SEEDS, few, holm
from analysis.levels import levels
from analysis.permutation import permutation_p
from analysis.reading.arms import Arm, Row, short

MIN_TRIALS = 8
RESAMPLES = 100
METHODS = ("fanova", "ped_anova")
KEPT = 0.95  # share of resamples that must keep an order

if TYPE_CHECKING:
    from analysis.importance_study import Shares


def importances(axes: Sequence[Mapping[str, Any]], found: Sequence[Arm], *, maximize: bool) -> Row:
    """Importances of the axes over full-budget test scores.

    Returns:
        ``{"trials", "seeds", "axes": [...], "order": [...], "note"}``; no axes and a note that
        says why where there is too little to go by.
    """
    ranked = with_scores(found)
    varied = [axis for axis in axes if len(levels(axis, ranked)) > 1]
    if len(varied) < 2:
        note = "An importance compares axes: this sweep has fewer than two that varied."
    elif len(ranked) < MIN_TRIALS:
        note = f"Fewer than {MIN_TRIALS} trials were trained in full ({len(ranked)}): too few."
    elif len({arm.test for arm in ranked}) == 1:
        note = "Every trial has the same score: there is no spread to explain."
    else:
        return _estimate(varied, ranked, sign=1.0 if maximize else -1.0)
    return {"trials": len(ranked), "seeds": 0, "axes": [], "order": [], "note": note}


def with_scores(found: Sequence[Arm]) -> list[Arm]:
    """The ranked arms that have a test score."""
    return [arm for arm in found if arm.ranked and arm.test is not None]


def _estimate(axes: Sequence[Mapping[str, Any]], ranked: Sequence[Arm], *, sign: float) -> Row:
    from analysis.importance_study import distributions, shares

    keys = [str(axis["key"]) for axis in axes]
    everywhere = [key for key in keys if all(key in arm.point for arm in ranked)]
    spaces = distributions(axes)
    rng = np.random.default_rng(0)
    draws = [_resample(ranked, rng) for _ in range(RESAMPLES)]
    resampled = [shares(spaces, everywhere, drawn, sign=sign) for drawn in draws]
    p_values = holm([permutation_p(axis, axes, ranked) for axis in axes])
    n = len(set.intersection(*(set(arm.tests) for arm in ranked)))
    rows = [
        {
            "key": key,
            "name": short(key),
            "conditional": key not in everywhere,
            "p_holm": p,
            "detectable": n >= MIN_SEEDS and p <= ALPHA,
            "verdict": few(n) or ("detectable" if p <= ALPHA else "not detectable"),
            **{method: _share(method, key, resampled) for method in METHODS},
        }
        for key, p in zip(keys, p_values, strict=True)
    ]
    method = "fanova" if len(everywhere) == len(keys) else "ped_anova"
    return {
        "trials": len(ranked),
        "seeds": n,
        "axes": rows,
        "order": _kept_order(rows, method, resampled),
        "note": ""
        if len(everywhere) == len(keys)
        else "A conditional axis has no fANOVA share: it is absent from some of the trials.",
    }


def _resample(ranked: Sequence[Arm], rng: np.random.Generator) -> list[Arm]:
    """Trials drawn with replacement, their scores over seeds drawn with replacement.

    The seeds are the same for all trials, since all trials share the same seeds' luck.
    """
    drawn = [ranked[i] for i in rng.integers(0, len(ranked), len(ranked))]
    shared = sorted(set.intersection(*(set(arm.tests) for arm in ranked)))
    if not shared:
        return drawn
    seeds = [shared[i] for i in rng.integers(0, len(shared), len(shared))]
    return [
        dataclasses.replace(arm, test=math.fsum(arm.tests[seed] for seed in seeds) / len(seeds))
        for arm in drawn
    ]


def _share(method: str, key: str, resampled: Sequence[Shares]) -> Row | None:
    """The median share over resamples with its 95 % percentile interval."""
    drawn = [r[method][key] for r in resampled if key in r[method]]
    if not drawn:
        return None
    low, middle, high = np.quantile(drawn, [0.025, 0.5, 0.975])
    return {"share": float(middle), "low": float(low), "high": float(high)}


def _kept_order(rows: Sequence[Row], method: str, resampled: Sequence[Shares]) -> list[Row]:
    """Neighbours in the ranking whose order resampling keeps; the upper one must be detectable."""
    with_share = [row for row in rows if row[method] is not None]
    ranking = sorted(with_share, key=lambda row: -row[method]["share"])
    claims = []
    for upper, lower in pairwise(ranking):
        kept = float(
            np.mean([r[method].get(upper["key"], 0) > r[method].get(lower["key"], 0)
                     for r in resampled])
        )  # fmt: skip
        if upper["detectable"] and kept >= KEPT:
            claims.append({"upper": upper["name"], "lower": lower["name"], "kept": kept})
    return claims
