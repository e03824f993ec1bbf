"""Whether as many seeds as the planner asks for decide as often as it says."""

from __future__ import annotations

from itertools import product

import numpy as np
from shares import Part, Row, share
from simulated_arms import Floats

from analysis.statistics.against import Against, against, verdicts
from analysis.statistics.planning import MOST_SEEDS, POWER, seeds_wanted
from analysis.statistics.pool import pool

MARGIN = 2.0
EFFECTS = (0.0, 1.0, 2.0, 3.0)  # standard deviations of a score; of 0, a margin is given


def plans_part(tables: int) -> Part:
    """Sweeps that leave one comparison open, and go on to the seeds that they were told."""
    return Part(
        title="Planned seeds",
        rows=[_row(a, s, e, tables) for a, s, e in product((2, 4, 12), (3, 5), EFFECTS)],
        names=3,
        notes=[
            f"{tables} sweeps a row; one arm differs by so many standard deviations of a score; "
            f"where it does not, equivalence within {MARGIN:g} decides, too",
            "open: sweeps in which the first seeds do not decide it; planned: of those, with a "
            f"plan of at most {MOST_SEEDS} seeds in all; seeds: the plan's median",
            "as promised: the arm's true difference is the one that the first seeds showed, which "
            "is what a plan says; in truth: it is what it is",
        ],
    )


def _row(arms: int, seeds: int, effect: float, tables: int) -> Row:
    rng = np.random.default_rng([arms, seeds, round(10 * effect)])
    left: list[bool] = []
    plans: list[int] = []
    promised: list[bool] = []
    fact: list[bool] = []
    for _ in range(tables):
        first = _scores(rng, arms, seeds, effect)
        found = against(pool(first), 0)
        left.append(_verdict(first, effect, look=1) == "open")
        wanted = _wanted(found, arms, seeds, effect) if left[-1] else None
        if wanted is None:
            continue
        plans.append(wanted)
        seen = float(found.differences.means[0])
        for true, told in ((seen, promised), (effect, fact)):
            more = _scores(rng, arms, wanted - seeds, true)
            told.append(_verdict(np.hstack([first, more]), effect, look=2) != "open")
    return {
        "arms": arms,
        "first seeds": seeds,
        "effect": f"{effect:g}",
        "open": share(left),
        "planned": share([1.0] * len(plans) + [0.0] * (sum(left) - len(plans)))
        if any(left)
        else "",
        "seeds": f"{np.median(plans):.0f}" if plans else "",
        "as promised": share(promised, least=POWER) if promised else "",
        "in truth": share(fact) if fact else "",
    }


def _wanted(found: Against, arms: int, seeds: int, effect: float) -> int | None:
    return seeds_wanted(
        float(found.differences.means[0]),
        variance=float(found.differences.variances[0]),
        df=float(found.differences.df[0]),
        seeds=seeds,
        comparisons=arms - 1,
        look=2,
        margin=None if effect else MARGIN,
    ).fewest


def _verdict(table: Floats, effect: float, look: int) -> str:
    margin = None if effect else MARGIN
    return verdicts(against(pool(table), 0, look=look), margin=margin, maximize=True)[0]


def _scores(rng: np.random.Generator, arms: int, seeds: int, effect: float) -> Floats:
    """Scores with the seeds' own luck; the first arm after the reference differs."""
    scores = rng.standard_normal((arms, seeds)) + 3 * rng.standard_normal(seeds)
    scores[1] += effect
    return scores
