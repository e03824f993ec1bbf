"""Plans that would decide the open comparisons: seeds, time, and the command that trains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.findings.commands import train_more
from analysis.findings.comparison import Comparison
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.statistics.against import Against
from analysis.statistics.planning import Wanted, seeds_wanted

MOST_STEPS = 3


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One open comparison, its number of shared seeds, and the total that would decide it."""

    arm: Arm
    seeds: int
    wanted: Wanted


@dataclass(frozen=True, kw_only=True)
class Step:
    """A plan: a total number of seeds for some arms and the reference.

    Attributes:
        seeds: total seeds of each of these arms.
        arms: the open arms that the seeds decide, in four of five tries.
        trainings: number of seeds that remain to be trained, over all arms.
        seconds: time of these trainings one after the other, by the seconds per seed so far.
        command: the command that trains exactly these seeds; empty where the launcher cannot.
    """

    seeds: int
    arms: Sequence[Arm]
    trainings: int
    seconds: float
    command: str


def wishes(
    rows: Sequence[Comparison], compared: Against, *, look: int, margin: float | None
) -> list[Wish]:
    """The seeds that would decide each open row."""
    apart = compared.differences
    return [
        Wish(
            arm=row.arm,
            seeds=row.n,
            wanted=seeds_wanted(
                row.difference,
                variance=float(apart.variances[i]),
                df=float(apart.df[i]),
                seeds=row.n,
                comparisons=len(rows),
                look=look,
                margin=margin,
            ),
        )
        for i, row in enumerate(rows)
        if row.verdict == "open"
    ]


def steps(study: Study, reference: Arm, wanted: Sequence[Wish]) -> list[Step]:
    """Up to three plans: a cheap one, a medium one, and one that decides all that can be."""
    sizes = sorted({n for wish in wanted if (n := wish.wanted.fewest) is not None})
    if len(sizes) > MOST_STEPS:
        sizes = [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    return [_step(study, reference, wanted, n) for n in sizes]


def _step(study: Study, reference: Arm, wanted: Sequence[Wish], seeds: int) -> Step:
    decided = [w.arm for w in wanted if (n := w.wanted.fewest) is not None and n <= seeds]
    trained = [reference, *decided]
    missing = {arm.number: max(0, seeds - len(arm.tests)) for arm in trained}
    return Step(
        seeds=seeds,
        arms=decided,
        trainings=sum(missing.values()),
        seconds=sum(missing[arm.number] * arm.seconds / max(1, len(arm.tests)) for arm in trained),
        command=train_more(study, trained, seeds),
    )
