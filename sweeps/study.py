"""Optuna's part: propose the next point, say which trials to stop. It stores nothing.

The study is rebuilt from the ledger at every launch, and every proposal comes from a sampler
seeded by (sweep seed, trial number, attempt): what is proposed depends on the ledger alone.
Running trials are in the study as running, and only those: Optuna 5's TPE takes them for bad
points, so a ghost would push the search away from where it died.
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
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from search_spaces.axes import Axis
from search_spaces.soundness import every_value, random_points, walk
from search_spaces.space import Space
from sweeps.schema import Report, Trial

Point = dict[str, Any]
Direction = Literal["maximize", "minimize"]
STARTUP_TRIALS = 8
MAX_DUPLICATES = 10
"""Proposals in a row that the sweep already has, before its space is searched for other points."""
RANDOM_POINTS = 1000
MOST_POINTS = 100_000
"""Points looked at in order, before a space counts as exhausted; a config takes 0.1 ms."""
SAMPLERS = ("grid", "random", "tpe")
_STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


class Study:
    """A sweep as Optuna sees it, in memory.

    Args:
        space: the axes.
        sampler: one of ``SAMPLERS``.
        seed: decides every proposal together with the trial's number.
        direction: ``maximize`` or ``minimize``.
        warmup: steps before a trial may be pruned; None for no pruning.
        first: points that come before any proposal, and are never pruned: the reference. Of a grid
            they are all there is.
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
        self.sampler = sampler
        self.seed = seed
        self.first = list(first)
        self.grid = (self.first or space.grid()) if sampler == "grid" else []
        self._optuna = optuna.create_study(direction=direction, pruner=_pruner(warmup))
        self._numbers: dict[str, int] = {}  # trial_id -> Optuna's number

    def proposals(self, number: int) -> Iterator[Point]:
        """Points for trial ``number``: the caller takes the first that the sweep does not have.

        A sampler may repeat itself, as TPE does where all scores are equal. After
        ``MAX_DUPLICATES`` of its points come random ones, and at last the whole space in order. A
        continuous axis has its two ends there.

        Args:
            number: how many trials the sweep has.
        """
        if not self.grid:  # a sweep that began without them goes on as it began
            yield from self.first[number:]
        for attempt in range(len(self.grid) or MAX_DUPLICATES):
            yield self.propose(number, attempt)
        if not self.grid:
            draws = random.Random(_seed(self.seed, number, MAX_DUPLICATES))
            yield from itertools.islice(random_points(self.space.axes, draws), RANDOM_POINTS)
            yield from itertools.islice(walk(self.space.axes, every_value), MOST_POINTS)

    def propose(self, number: int, attempt: int = 0) -> Point:
        """The sampler's point for trial ``number``; a grid begins again after its last one.

        Args:
            number: how many trials the sweep has.
            attempt: counts up while proposals turn out to be trials the sweep already has.
        """
        if self.sampler == "grid":
            return dict(self.grid[(number + attempt) % len(self.grid)])
        self._optuna.sampler = _sampler(self.sampler, _seed(self.seed, number, attempt))
        trial = self._optuna.ask()
        point: Point = {}
        for axis in self.space.axes:
            if axis.active(point):
                point[axis.key] = axis.nearest(_suggest(trial, axis))
        # Taken back here; ``add`` puts it in once the ledger has it.
        self._optuna.tell(trial, state=TrialState.FAIL)
        return point

    def add(self, trial: Trial, reports: Sequence[Report] = ()) -> None:
        """Show Optuna a ledger row: as ended, or as running."""
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
            return False  # repeated since a checkpoint, or for more seeds: it was decided then
        optuna.trial.Trial(self._optuna, frozen._trial_id).report(value, step)
        return self.should_stop(trial)

    def should_stop(self, trial: Trial) -> bool:
        """What ``report`` said of the last report, which a driver may not have lived to hear."""
        if trial.point in self.first:
            return False  # what the others are compared with is trained in full
        frozen = self._frozen()[self._numbers[trial.trial_id]]
        return optuna.trial.Trial(self._optuna, frozen._trial_id).should_prune()

    def told(self, trial_id: str) -> FrozenTrial:
        """What Optuna believes of a trial; to look at, not to change."""
        return self._frozen()[self._numbers[trial_id]]

    def _frozen(self) -> list[FrozenTrial]:
        # Study.trials would copy all of them, deeply, at every call.
        return self._optuna.get_trials(deepcopy=False)

    def end(self, trial: Trial) -> None:
        """Tell Optuna how a running trial ended: pruned is never told complete."""
        state = _STATES.get(trial.state, TrialState.FAIL)
        value = trial.value if state is TrialState.COMPLETE else None
        if state is TrialState.COMPLETE and value is None:
            state = TrialState.FAIL
        self._optuna.tell(self._numbers[trial.trial_id], value, state=state)


def distributions(axes: Sequence[Axis], point: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """The distributions of the axes that are active at ``point``."""
    return {axis.key: axis.distribution for axis in axes if axis.key in point}


def _suggest(trial: optuna.trial.Trial, axis: Axis) -> Any:
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


def _sampler(name: str, seed: int) -> BaseSampler:
    if name == "random":
        return RandomSampler(seed=seed)
    return TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)


def _pruner(warmup: int | None) -> BasePruner:
    if warmup is None:
        return NopPruner()
    return MedianPruner(n_startup_trials=STARTUP_TRIALS, n_warmup_steps=warmup)
