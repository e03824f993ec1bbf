"""How often an axis that does nothing is said to matter, and one that does something.

Sweeps with a known truth (``axis_worlds.py``): an axis that matters and one that does not, on a
balanced grid, drawn at random, and chosen by Optuna's TPE, with and without pruning, under
unfriendly noise. The rival is the test that the report had before (``old_axis_test.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from axis_worlds import (
    Codes,
    Floats,
    World,
    drawn,
    gridded,
    pruned_study,
    searched,
    study_of_two,
    survivors,
    truth,
)
from old_axis_test import old_p
from shares import Part, share

from analysis.findings.axes import ALPHA, axis_findings
from analysis.findings.axis_results import AxisResult
from analysis.reading.study import Study

THIRD = 3
POWER = 3.0
NOISES = ("normal", "unequal", "bimodal", "near-copy", "heavy")

Sweep = tuple[Codes, Codes, Floats]
Make = Callable[[World, np.random.Generator], Sweep]


def axes_part(sweeps: int, searches: int) -> Part:
    """Simulate sweeps of two axes."""
    rows = [
        words | measure(world, make, searches if slow else sweeps)
        for words, world, make, slow in scenarios()
    ]
    notes = [
        "false alarms: sweeps in which the axis that does nothing is told apart, beside a real one",
        "power: sweeps in which an axis with three standard deviations of a seed between its worst "
        "and its best level is told apart",
        "covered: sweeps in which all simultaneous intervals for pairs of levels of both axes "
        "hold the truth; after pruning the truth of what is left is another one, so none is given",
        "pruned: the luckier trials of a noisy level survive, so that the survivors do differ "
        "where the axis does nothing; an axis must matter among all trials half-way, too",
        "old: the test that the report had before, in the same sweeps",
        f"{sweeps} sweeps a row, {searches} where TPE searches; a third for power",
        "unequal: one level of the axis that does nothing is five times as noisy; bimodal: three "
        "of ten seeds stuck far below; near-copy: the axis does nothing but for a hundredth of "
        "the noise; heavy: Student's t, 3 degrees of freedom; unbalanced: a quarter of the grid's "
        "trials failed",
    ]
    return Part(title="Axes", rows=rows, names=4, notes=notes)


def scenarios() -> Iterator[tuple[dict[str, object], World, Make, bool]]:
    """What a row says, how scores come about, how a sweep is made, and whether that is slow."""
    for noise in NOISES:
        for seeds in (3, 5, 10):
            world = World(noise=noise, seeds=seeds, trial=0.0)
            yield _words("grid", 12, world), world, gridded, False
            yield _words("grid, unbalanced", 9, world), world, _unbalanced, False
    for trials, seeds in ((24, 3), (24, 5), (24, 10), (40, 3), (100, 3)):
        for noise in NOISES:
            world = World(noise=noise, seeds=seeds)
            yield _words("random", trials, world), world, _random(trials), False
    for noise in NOISES:
        world = World(noise=noise)
        yield _words("random, pruned", 100, world), world, Pruned(_random(100)), False
    for trials in (24, 40, 100):
        yield _words("TPE", trials, World()), World(), _tpe(trials), True
    for noise in NOISES[1:]:
        yield _words("TPE", 40, World(noise=noise)), World(noise=noise), _tpe(40), True
    yield _words("TPE, pruned", 40, World()), World(), Pruned(_tpe(40)), True


def measure(world: World, make: Make, sweeps: int) -> dict[str, object]:
    """Shares of sweeps, in percent."""
    alarms, power, coverage, old, old_power = [], [], [], [], []
    for number in range(sweeps):
        told, before, covered = judge(world, make, number)
        alarms.append(told)
        old.append(before)
        coverage.append(covered)
        if number % THIRD == 0:
            told, before, _ = judge(replace(world, null_effect=POWER), make, number)
            power.append(told)
            old_power.append(before)
    return {
        "false alarms": share(alarms, most=ALPHA),
        "old": share(old),
        "covered": "-" if isinstance(make, Pruned) else share(coverage, least=1 - ALPHA),
        "power": share(power),
        "old power": share(old_power),
    }


def judge(world: World, make: Make, number: int) -> tuple[bool, bool, bool]:
    """Whether the second axis is told apart, was so before, and all intervals hold the truth."""
    real, null, scores = make(world, np.random.default_rng(number))
    study = (
        make.study(world, np.random.default_rng(number))
        if isinstance(make, Pruned)
        else study_of_two(real, null, scores)
    )
    found = {axis.name: axis for axis in axis_findings(study).axes}
    told = "null" in found and found["null"].differs
    covered = all(_covers(found.get(name), levels) for name, levels in _truths(world))
    return told, old_p(scores, null, real) <= ALPHA, covered


def _truths(world: World) -> list[tuple[str, Floats]]:
    return list(zip(("real", "null"), truth(world), strict=True))


def _covers(axis: AxisResult | None, levels: Floats) -> bool:
    """Whether every interval of the axis holds its difference."""
    for pair in axis.pairs if axis else ():
        assert axis is not None
        one, other = (int(axis.levels[i].label[1:]) for i in (pair.first, pair.second))
        difference = levels[one] - levels[other]
        if (
            pair.low is not None
            and pair.high is not None
            and not (pair.low <= difference <= pair.high)
        ):
            return False
    return True


def _words(sampling: str, trials: int, world: World) -> dict[str, object]:
    return {"sampling": sampling, "trials": trials, "noise": world.noise, "seeds": world.seeds}


def _unbalanced(world: World, rng: np.random.Generator) -> Sweep:
    real, null, scores = gridded(world, rng)
    kept = np.sort(rng.permutation(len(scores))[: len(scores) * 3 // 4])
    return real[kept], null[kept], scores[kept]


def _random(trials: int) -> Make:
    return lambda world, rng: drawn(world, trials, rng)


def _tpe(trials: int) -> Make:
    return lambda world, rng: searched(world, trials, rng)


@dataclass(frozen=True)
class Pruned:
    """What a pruner leaves of a sweep."""

    make: Make

    def __call__(self, world: World, rng: np.random.Generator) -> Sweep:
        """Make one and prune it."""
        return survivors(*self.make(world, rng), rng)

    def study(self, world: World, rng: np.random.Generator) -> Study:
        """The same sweep with its pruned trials, as the report reads it."""
        return pruned_study(*self.make(world, rng), rng)
