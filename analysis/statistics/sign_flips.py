"""A test of a paired difference that assumes only symmetric noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

EXACT_SEEDS = 16  # up to here all 2**n sign patterns are enumerated
RANDOM_FLIPS = 100_000


def sign_flip_p(differences: Sequence[float]) -> float:
    """Two-sided p-value of the mean difference if each sign were random with equal odds.

    Exact for up to 16 differences, and then never below 2 / 2**n. For more differences, the signs
    are sampled with a fixed seed. Fisher 1935, "The design of experiments", section 21.
    """
    d = np.asarray(differences, dtype=float)
    n = len(d)
    if n == 0:
        return 1.0
    observed = abs(d.sum()) * (1 - 1e-12)  # equal sums stay equal despite rounding
    if n <= EXACT_SEEDS:
        patterns = np.arange(2**n)[:, None] >> np.arange(n) & 1
        return float(np.mean(np.abs((1 - 2 * patterns) @ d) >= observed))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(RANDOM_FLIPS, n))
    extreme = int(np.sum(np.abs(signs @ d) >= observed))
    return (extreme + 1) / (RANDOM_FLIPS + 1)
