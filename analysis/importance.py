"""How much of the spread over trials each axis explains, with what resampling makes of it.

Two methods side by side: fANOVA (share of the variance over the whole space) and PED-ANOVA (what
it takes to be among the best). Either always hands out 100 %, also over pure noise; so an axis is
called detectable only by a permutation test, and a rank is given only where resampling keeps it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.arms import Arm, Row, short
from analysis.effects import levels
from analysis.evidence import ALPHA, holm

MIN_TRIALS = 8
RESAMPLES = 100
SHUFFLES = 2000
METHODS = ("fanova", "ped_anova")
KEPT = 0.95  # share of resamples that must keep an order

if TYPE_CHECKING:
    from analysis.importance_study import Shares

Floats = NDArray[np.float64]


def importances(axes: Sequence[Mapping[str, Any]], found: Sequence[Arm], *, maximize: bool) -> Row:
    """Importances of the axes over full-budget test scores.

    Returns:
        ``{"trials", "axes": [...], "order": [...], "note"}``; no axes and a note that says why
        where there is too little to go by.
    """
    ranked = with_scores(found)
    varied = [axis for axis in axes if len(levels(axis, ranked)) > 1]
    if len(varied) < 2:
        note = "An importance compares axes: this sweep has fewer than two that varied."
    elif len(ranked) < MIN_TRIALS:
        note = f"{len(ranked)} full-budget trials are too few: at least {MIN_TRIALS} are needed."
    elif len({arm.test for arm in ranked}) == 1:
        note = "Every trial has the same score: there is no spread to explain."
    else:
        return _estimate(varied, ranked, sign=1.0 if maximize else -1.0)
    return {"trials": len(ranked), "axes": [], "order": [], "note": note}


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
    rows = [
        {
            "key": key,
            "name": short(key),
            "conditional": key not in everywhere,
            "p_holm": p,
            "detectable": p <= ALPHA,
            **{method: _share(method, key, resampled) for method in METHODS},
        }
        for key, p in zip(keys, p_values, strict=True)
    ]
    method = "fanova" if len(everywhere) == len(keys) else "ped_anova"
    return {
        "trials": len(ranked),
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


def permutation_p(
    axis: Mapping[str, Any], axes: Sequence[Mapping[str, Any]], ranked: Sequence[Arm]
) -> float:
    """How often chance makes the axis' levels differ as much; the larger of two tests.

    Dealing scores out over trials alone is fooled by axes that do nothing: their trials repeat
    one another, seed noise and all. Dealing them out over seeds alone is fooled by a sampler that
    tried one level beside better settings. A difference must survive both.
    """
    alive = [arm for arm in ranked if str(axis["key"]) in arm.point]
    if len(levels(axis, alive)) < 2:
        return 1.0
    return max(trials_p(axis, axes, alive), seeds_p(axis, alive))


def seeds_p(axis: Mapping[str, Any], alive: Sequence[Arm]) -> float:
    """Levels shuffled within each seed; one seed alone shows nothing."""
    scores = [level.scores() for level in levels(axis, alive)]
    shared = sorted(set.intersection(*(set(by_seed) for by_seed in scores)))
    table = np.array([[by_seed[seed] for seed in shared] for by_seed in scores])  # (levels, seeds)
    if len(shared) < 2:
        return 1.0
    table -= table.mean(axis=0)
    repeated = np.broadcast_to(table, (SHUFFLES, *table.shape))
    shuffled = np.random.default_rng(0).permuted(repeated, axis=1)
    return _as_extreme(np.concatenate([table[None], shuffled]).mean(axis=2))


def trials_p(
    axis: Mapping[str, Any], axes: Sequence[Mapping[str, Any]], alive: Sequence[Arm]
) -> float:
    """Shuffled over trials, what the other axes explain taken out first (Freedman, Lane 1983)."""
    others = [_members(other, alive) for other in axes if other["key"] != axis["key"]]
    without = _complement(_design(others, len(alive)))  # (trials, trials)
    extra = _span(without @ _members(axis, alive))  # (trials, dimensions)
    left = without @ np.array([arm.test or 0.0 for arm in alive])
    if extra.shape[1] == 0 or np.allclose(left, 0):
        return 1.0  # the other axes say it all
    rng = np.random.default_rng(0)
    shuffled = np.stack([left, *(rng.permutation(left) for _ in range(SHUFFLES))]) @ without
    return _as_extreme((shuffled @ extra) / np.linalg.norm(shuffled, axis=1, keepdims=True))


def _as_extreme(tables: Floats) -> float:
    """The share of tables, the first one being the real one, with as large a sum of squares."""
    sizes = np.sum(tables**2, axis=1)
    return float(np.mean(sizes >= sizes[0] * (1 - 1e-9)))


def _members(axis: Mapping[str, Any], alive: Sequence[Arm]) -> Floats:
    """Who stands at which level, (trials, levels)."""
    by_level = [[arm.number for arm in level.arms] for level in levels(axis, alive)]
    columns = [[float(arm.number in numbers) for arm in alive] for numbers in by_level]
    return np.array(columns).reshape(len(columns), len(alive)).T


def _design(others: Sequence[Floats], trials: int) -> Floats:
    """A column for each level of the other axes; where that takes too many, one for each axis."""
    ones = np.ones((trials, 1))
    by_level = np.hstack([ones, *others])
    if _span(by_level).shape[1] <= trials / 2:
        return by_level
    return np.hstack([ones, *(m @ np.arange(1.0, m.shape[1] + 1)[:, None] for m in others)])


def _complement(design: Floats) -> Floats:
    """The projection onto what no combination of the columns can explain."""
    basis = _span(design)
    projection: Floats = np.eye(len(design)) - basis @ basis.T
    return projection


def _span(columns: Floats) -> Floats:
    """An orthonormal basis of the columns."""
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    basis: Floats = left[:, sizes > 1e-9 * max(1.0, sizes.max(initial=0.0))]
    return basis


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
