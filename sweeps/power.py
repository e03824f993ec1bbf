"""What a plan can tell apart, before anything is trained.

The smallest true difference between an arm and the reference that is decided in 8 of 10 sweeps, in
standard deviations of a seed: by the guarded pool of the report (seeds paired, one pooled noise,
simultaneous 95 % intervals), where every arm is equally noisy. ``tests/sweeps/test_power.py``
simulates it again.
"""

from __future__ import annotations

import math

from sweeps.command_line import counted
from sweeps.plan import Plan

FEWEST_SEEDS = 3
"""No comparison is decided with fewer."""
MOST_ARMS = 12
ARMS = (2, 3, 4, 6, 9, 12, 20, 40, 65)
SMALLEST = {
    3: (4.5, 4.0, 4.3, 4.6, 5.0, 5.4, 5.7, 6.2, 6.6),
    4: (3.0, 3.0, 3.2, 3.4, 3.6, 3.8, 4.0, 4.4, 4.5),
    5: (2.4, 2.5, 2.6, 2.8, 3.0, 3.1, 3.3, 3.4, 3.6),
    6: (2.1, 2.1, 2.3, 2.4, 2.6, 2.7, 2.8, 2.9, 3.1),
    7: (1.8, 1.9, 2.1, 2.2, 2.3, 2.4, 2.5, 2.7, 2.7),
    8: (1.7, 1.8, 1.9, 2.0, 2.1, 2.2, 2.3, 2.4, 2.5),
    10: (1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.1, 2.1),
    15: (1.1, 1.2, 1.3, 1.4, 1.4, 1.5, 1.5, 1.6, 1.7),
    20: (0.9, 1.0, 1.1, 1.2, 1.2, 1.2, 1.3, 1.4, 1.4),
}
"""By seeds, for so many ``ARMS``: 4,000 simulated sweeps each (1,500 of the two largest)."""


def smallest_difference(arms: int, seeds: int) -> float:
    """What is decided with 80 % power.

    Args:
        arms: the reference among them, from 2.
        seeds: of each, from ``FEWEST_SEEDS``.

    Returns:
        standard deviations of a seed.
    """
    row = max(known for known in SMALLEST if known <= seeds)
    return _between(arms, SMALLEST[row]) * math.sqrt(row / seeds)


def resolution(plan: Plan) -> str:
    """What the comparisons of ``plan`` can tell apart; empty where the sampler chooses them."""
    if plan.sampler != "grid" or plan.only or (arms := number_of_arms(plan)) < 2:
        return ""
    said = f"with {counted(plan.seeds, 'seed')}"
    if plan.seeds < FEWEST_SEEDS:
        return f"nothing: {said} no comparison is decided; use {FEWEST_SEEDS} or more"
    smallest = smallest_difference(arms, plan.seeds)
    return (
        f"differences of {smallest:.1f} standard deviations of a seed or more, in 8 of 10 such "
        f"sweeps ({counted(arms, 'arm')} {said})"
    )


def too_many(plan: Plan) -> list[str]:
    """A caution where the arms are too many for what is mostly asked, and which spaces have fewer.

    It counts the comparisons: each of them is paid for by all the others.
    """
    if plan.sampler != "grid" or not plan.space.families:
        return []
    arms = number_of_arms(plan)
    if arms <= MOST_ARMS:
        return []
    return [
        f"{counted(arms, 'arm')} at once cannot decide differences that a dozen can: ask in "
        f"families, {', '.join(plan.space.families)}, or with more --seeds"
    ]


def number_of_arms(plan: Plan) -> int:
    """Trials that are compared: of those that differ in a tuned axis alone, one."""
    tuned = math.prod(len(axis.values()) for axis in plan.space.axes if axis.tuned)
    return plan.trials if plan.confirms else math.ceil(plan.trials / tuned)


def _between(arms: int, known: tuple[float, ...]) -> float:
    """Linear in the logarithm of the number of arms; the last one beyond the table."""
    for at in range(1, len(ARMS)):
        if arms <= ARMS[at]:
            share = math.log(arms / ARMS[at - 1]) / math.log(ARMS[at] / ARMS[at - 1])
            return known[at - 1] + share * (known[at] - known[at - 1])
    return known[-1]
