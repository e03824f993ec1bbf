"""The differences that a plan can detect, known before anything is trained.

The table holds the smallest true difference between an arm and the reference that 8 of 10 sweeps
decide, in standard deviations of a seed. It holds for the guarded pool of the report (paired seeds,
one pooled noise, simultaneous 95 % intervals), where every arm is equally noisy.
``tests/sweeps/test_power.py`` repeats the simulation.
"""

from __future__ import annotations

import math

from sweeps.commands.command_line import counted
from sweeps.planning.plan import Plan

FEWEST_SEEDS = 3
"""With fewer seeds, no comparison is decided."""
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
"""By the number of seeds: one value for each number in ``ARMS``.

Each value is from 4,000 simulated sweeps (1,500 for the two largest)."""


def smallest_difference(arms: int, seeds: int) -> float:
    """The smallest difference that is decided with 80 % power.

    Args:
        arms: the number of arms with the reference, at least 2.
        seeds: the number of seeds of each arm, at least ``FEWEST_SEEDS``.

    Returns:
        the difference in standard deviations of a seed.
    """
    row = max(known for known in SMALLEST if known <= seeds)
    return _between(arms, SMALLEST[row]) * math.sqrt(row / seeds)


def resolution(plan: Plan) -> str:
    """The differences that ``plan`` can detect, in words; empty where its arms are not fixed."""
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
    """A caution where ``plan`` has more than ``MOST_ARMS`` arms; it names spaces with fewer.

    The intervals are simultaneous, so each further comparison widens all the others.
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
    """How many trials are compared; trials that differ only in tuned axes count as one."""
    tuned = math.prod(len(axis.values()) for axis in plan.space.axes if axis.tuned)
    return plan.trials if plan.confirms else math.ceil(plan.trials / tuned)


def _between(arms: int, known: tuple[float, ...]) -> float:
    """Interpolate in the logarithm of ``arms``; beyond the table, return its last value."""
    for at in range(1, len(ARMS)):
        if arms <= ARMS[at]:
            share = math.log(arms / ARMS[at - 1]) / math.log(ARMS[at] / ARMS[at - 1])
            return known[at - 1] + share * (known[at] - known[at - 1])
    return known[-1]
