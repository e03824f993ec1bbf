"""The test of an axis that the report had before: a rival, and a negative control.

Level means are dealt out again within each seed. Where the levels were not tried beside the same
*set* of other settings, scores are dealt out over trials as well; how often each setting was tried
does not count, so that a random sweep's confounding is taken for an effect.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHUFFLES = 500

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def old_p(scores: Floats, codes: Codes, beside: Codes) -> float:
    """How often chance puts the best and the worst level as far apart.

    Args:
        scores: (trials, seeds).
        codes: the level of each trial, (trials,).
        beside: the setting of the other axes, (trials,).
    """
    rng = np.random.default_rng(0)
    levels = np.unique(codes)
    if len(levels) < 2:
        return 1.0
    table = np.stack([scores[codes == level].mean(axis=0) for level in levels])
    table = table - table.mean(axis=0)
    repeated = np.broadcast_to(table, (SHUFFLES, *table.shape))
    dealt = np.concatenate([table[None], rng.permuted(repeated, axis=1)]).mean(axis=2)
    within = _share(np.ptp(dealt, axis=1))
    if len({frozenset(beside[codes == level]) for level in levels}) == 1:
        return within
    return max(within, _over_trials(scores.mean(axis=1), codes, beside, rng))


def _over_trials(means: Floats, codes: Codes, beside: Codes, rng: np.random.Generator) -> float:
    others = np.hstack([np.ones((len(means), 1)), _members(beside)])
    basis = _span(others)
    extra = _span(_members(codes) - basis @ (basis.T @ _members(codes)))
    left = means - basis @ (basis.T @ means)
    if extra.shape[1] == 0 or np.allclose(left, 0):
        return 1.0
    shuffled = np.stack([left, *(rng.permutation(left) for _ in range(SHUFFLES))])
    shuffled = shuffled - (shuffled @ basis) @ basis.T
    shuffled /= np.linalg.norm(shuffled, axis=1, keepdims=True)
    return _share(np.sum((shuffled @ extra) ** 2, axis=1))


def _members(codes: Codes) -> Floats:
    return np.asarray(codes[:, None] == np.unique(codes), dtype=np.float64)


def _span(columns: Floats) -> Floats:
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return left[:, sizes > 1e-9 * max(1.0, sizes.max(initial=0.0))]


def _share(sizes: Floats) -> float:
    return float(np.mean(sizes >= sizes[0] * (1 - 1e-9)))
