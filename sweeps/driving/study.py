"""Optuna's part of a sweep: propose the next point, and say which trials to stop.

The study stores nothing: every launch rebuilds it from the ledger. Each proposal comes from a
sampler seeded by (sweep seed, trial number, attempt), so the proposals depend on the ledger alone.
The study holds as running only the trials that wait or run in this launch. Optuna 5's TPE takes
running trials for bad points, so a dead trial left as running would push the search away from it.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import NopPruner
from optuna.trial import FrozenTrial, TrialState, create_trial

from search_spaces.axes import Axis
from search_spaces.points import every_value, random_points, walk
from search_spaces.space import Space
from sweeps.driving.pruners import PRUNERS
from sweeps.driving.samplers import SAMPLERS, renewed
from sweeps.record.schema import Report, Trial

Point = dict[str, Any]
Direction = Literal["maximize", "minimize"]
MAX_DUPLICATES = 10
"""After so many proposals in a row that the sweep already has, other points are searched for."""
RANDOM_POINTS = 1000
MOST_POINTS = 100_000
"""After so many points in order a space counts as exhausted. Making a config takes 0.1 ms."""
_STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


class Study:
    """A sweep as Optuna sees it, in memory.

    Args:
        space: the axes, and the pruner.
        sampler: a name in ``SAMPLERS``.
        seed: decides every proposal, together with the trial's number and the attempt.
        direction: ``maximize`` or ``minimize``.
        warmup: steps before a trial may be pruned; None for no pruning.
        first: points that come before any proposal and are never pruned, such as the reference.
            They replace the points of a grid.
    """

    def __init__(
        self,
        space: Space,
        *,
        sampler: str,
        seed: int,
        direction: Direction,
        warmup: int | None,
        first: Sequence[Point] = (),
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.space = space
        self._make = SAMPLERS[sampler]
        self.seed = seed
        self.first = list(first)
        self.grid = (self.first or space.grid()) if self._make is None else []
        self.why = ""
        """Why a trial is pruned: the words of ``Pruner.why``."""
        self._optuna = optuna.create_study(
            direction=direction, pruner=NopPruner(), sampler=self._make and self._make(seed)
        )
        if space.pruner is not None and warmup is not None:
            self.why = PRUNERS[space.pruner].why
            self._optuna.pruner = PRUNERS[space.pruner].make(warmup)
        self._numbers: dict[str, int] = {}  # trial_id -> Optuna's number

    def proposals(self, number: int) -> Iterator[Point]:
        """Points for trial ``number``: the caller takes the first that the sweep does not have.

        A sampler may repeat itself, as TPE does where all scores are equal. After
        ``MAX_DUPLICATES`` of its points come random points, and last the whole space in order. In
        that order, a continuous axis has only its two ends.

        Args:
            number: how many trials the sweep has.
        """
        if not self.grid:  # a sweep that began without them continues without them
            yield from self.first[number:]
        for attempt in range(len(self.grid) or MAX_DUPLICATES):
            yield self.propose(number, attempt)
        if not self.grid:
            draws = random.Random(_seed(self.seed, number, MAX_DUPLICATES))
            yield from itertools.islice(random_points(self.space.axes, draws), RANDOM_POINTS)
            yield from itertools.islice(walk(self.space.axes, every_value), MOST_POINTS)

    def propose(self, number: int, attempt: int = 0) -> Point:
        """The sampler's point for trial ``number``; a grid begins again after its last point.

        Args:
            number: how many trials the sweep has.
            attempt: how many proposals before were trials that the sweep already has.
        """
        if self._make is None:
            return dict(self.grid[(number + attempt) % len(self.grid)])
        seed = _seed(self.seed, number, attempt)
        self._optuna.sampler = renewed(self._optuna.sampler, self._make, seed)
        trial = self._optuna.ask()
        point: Point = {}
        for axis in self.space.axes:
            if axis.active(point):
                point[axis.key] = axis.nearest(suggest(trial, axis))
        # The proposal is withdrawn as failed; ``add`` adds its trial once the ledger has it.
        self._optuna.tell(trial, state=TrialState.FAIL)
        return point

    def add(self, trial: Trial, reports: Sequence[Report] = ()) -> None:
        """Add a ledger row to the study, as ended or as running."""
        state = _STATES.get(trial.state, TrialState.RUNNING)
        if state is TrialState.COMPLETE and trial.value is None:
            state = TrialState.FAIL
        seen = {r.step: r.value for r in reports if r.value is not None}
        self._numbers[trial.trial_id] = len(self._frozen())
        self._optuna.add_trial(
            create_trial(
                state=state,
                value=trial.value if state is TrialState.COMPLETE else _last(seen, state),
                params=trial.point,
                distributions=distributions(self.space.axes, trial.point),
                intermediate_values=seen,
                user_attrs={"trial_id": trial.trial_id},
            )
        )

    def report(self, trial: Trial, step: int, value: float) -> bool:
        """Tell Optuna a running trial's value; True when the trial should be stopped."""
        frozen = self._frozen()[self._numbers[trial.trial_id]]
        if step in frozen.intermediate_values:
            return False  # repeated since a checkpoint, or for more seeds: already decided
        optuna.trial.Trial(self._optuna, frozen._trial_id).report(value, step)
        return self.should_stop(trial)

    def should_stop(self, trial: Trial) -> bool:
        """What ``report`` said of the last report; an earlier driver may have died before it."""
        if trial.point in self.first:
            return False  # the reference is trained in full
        frozen = self._frozen()[self._numbers[trial.trial_id]]
        return self._optuna.pruner.prune(self._optuna, frozen)

    def told(self, trial_id: str) -> FrozenTrial:
        """Optuna's record of a trial; the caller may read it, but not change it."""
        return self._frozen()[self._numbers[trial_id]]

    def _frozen(self) -> list[FrozenTrial]:
        # ``Study.trials`` would make a deep copy of all trials at every call.
        return self._optuna.get_trials(deepcopy=False)

    def end(self, trial: Trial) -> None:
        """Tell Optuna how a running trial ended; a pruned trial is never told as complete."""
        state = _STATES.get(trial.state, TrialState.FAIL)
        value = trial.value if state is TrialState.COMPLETE else None
        if state is TrialState.COMPLETE and value is None:
            state = TrialState.FAIL
        self._optuna.tell(self._numbers[trial.trial_id], value, state=state)


def distributions(axes: Sequence[Axis], point: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """The distributions of the axes that are active at ``point``."""
    return {axis.key: axis.distribution for axis in axes if axis.key in point}


def suggest(trial: optuna.trial.Trial, axis: Axis) -> Any:
    """Ask an Optuna trial for a value of ``axis``."""
    match axis.distribution:
        case CategoricalDistribution(choices=choices):
            return trial.suggest_categorical(axis.key, choices)
        case IntDistribution(low=low, high=high, log=log, step=step):
            return trial.suggest_int(axis.key, low, high, log=log, step=step)
        case FloatDistribution(low=low, high=high, log=log, step=step):
            return trial.suggest_float(axis.key, low, high, log=log, step=step)
    raise TypeError(f"axis {axis.key!r} has a distribution of an unknown kind")


def _last(seen: Mapping[int, float], state: TrialState) -> float | None:
    return seen[max(seen)] if seen and state is TrialState.PRUNED else None


def _seed(seed: int, number: int, attempt: int) -> int:
    digest = hashlib.sha256(f"{seed}/{number}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
