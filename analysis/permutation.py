"""Does an axis move the score at all: its levels dealt out again, over seeds and over trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.evidence import sign_flip_p
from analysis.levels import levels
from analysis.reading.arms import Arm

SHUFFLES = 2000

Floats = NDArray[np.float64]


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


def range_p(
    axis: Mapping[str, Any], axes: Sequence[Mapping[str, Any]], ranked: Sequence[Arm]
) -> float:
    """How often chance puts the best and the worst level as far apart, whichever they are.

    Within seeds; where the levels were not tried beside the same settings, over trials as well.
    """
    alive = [arm for arm in ranked if str(axis["key"]) in arm.point]
    table = _by_seed(axis, alive)
    if table is None:
        return 1.0
    within = (
        sign_flip_p(list(table[0] - table[1]))  # two levels: exact
        if len(table) == 2
        else _share_as_large(np.ptp(_dealt(table), axis=1))
    )
    return within if _balanced(axis, axes, alive) else max(within, trials_p(axis, axes, alive))


def seeds_p(axis: Mapping[str, Any], alive: Sequence[Arm]) -> float:
    """Levels shuffled within each seed; one seed alone shows nothing."""
    table = _by_seed(axis, alive)
    return 1.0 if table is None else _as_extreme(_dealt(table))


def _by_seed(axis: Mapping[str, Any], alive: Sequence[Arm]) -> Floats | None:
    """Level means, each seed's own luck taken out, (levels, seeds); None for too few of either."""
    scores = [level.scores() for level in levels(axis, alive)]
    shared = sorted(set.intersection(*(set(by_seed) for by_seed in scores))) if scores else []
    if len(scores) < 2 or len(shared) < 2:
        return None
    table = np.array([[by_seed[seed] for seed in shared] for by_seed in scores])
    centred: Floats = table - table.mean(axis=0)
    return centred


def _dealt(table: Floats) -> Floats:
    """The levels' means, then those of each shuffle within the seeds, (1 + SHUFFLES, levels)."""
    repeated = np.broadcast_to(table, (SHUFFLES, *table.shape))
    shuffled = np.random.default_rng(0).permuted(repeated, axis=1)
    means: Floats = np.concatenate([table[None], shuffled]).mean(axis=2)
    return means


def _balanced(
    axis: Mapping[str, Any], axes: Sequence[Mapping[str, Any]], alive: Sequence[Arm]
) -> bool:
    """Whether all levels were tried beside the same settings of the others, equally often."""
    others = {str(other["key"]) for other in axes} - {str(axis["key"])}
    first, *rest = (
        Counter(
            tuple(sorted((k, str(v)) for k, v in arm.point.items() if k in others))
            for arm in level.arms
        )
        for level in levels(axis, alive)
    )
    return all(beside == first for beside in rest)


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
    return _share_as_large(np.sum(tables**2, axis=1))


def _share_as_large(sizes: Floats) -> float:
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
