"""A sweep as its report sees it: the trials, the arms that are compared, the reference."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis.reading.arms import Arm, arms, best_arm, one_split, scores
from analysis.reading.ledger import Restriction, SweepData
from analysis.reading.metric import Metric, held_bounds, read_metric
from analysis.reading.plan import SaidPlan, said_plan
from analysis.reading.reference import reference_arm
from analysis.reading.tuned import Axes, Tuned, compared_axes, tune, tuned_keys
from sweeps.record.plan_history import AskedAt, standing
from sweeps.record.schema import IMPORTED

ONE_SPLIT = (
    "The trials have one score each, and no other on data that nothing was chosen by: what is best "
    "here looks better than it is."
)


@dataclass(frozen=True, kw_only=True)
class Study:
    """One sweep, with everything that a report needs.

    Attributes:
        about: the columns of the sweep's row, and ``asked``: its plan after each launch.
        metric: the metric that is compared.
        trials: every trial in the order of asking, whatever its state.
        tuned: the trials that stand for their arms, and how many trials each was chosen from.
        reference: the arm that the others are compared with; None where no arm may be.
        reference_why: what the reference is, in words.
        curves: one row per trial, step, metric and seed (``curves.CURVES_SCHEMA``).
        restriction: which trials were left out by ``--where``; None where all are here.
        one_split: whether no trial has a test score, so that the validation score stands for it.
        first_seed: the smallest seed; not 0 in a confirmation.
        plan: the stated hypothesis and margin, and how the sweep deviated from its plan.
        began: when the first trial began; None where no trial has.
        confirmation: the winner and the reference on fresh seeds; None where they were not trained.
    """

    about: Mapping[str, Any]
    metric: Metric
    trials: Sequence[Arm]
    tuned: Tuned
    reference: Arm | None
    reference_why: str
    curves: pa.Table
    restriction: Restriction | None = None
    one_split: bool = False
    first_seed: int = 0
    plan: SaidPlan = field(default_factory=SaidPlan)
    began: datetime | None = None
    confirmation: Confirmation | None = None

    @property
    def caveats(self) -> list[str]:
        """What every reader of the report must know first, one sentence per caveat."""
        found = [self.restriction.sentence()] if self.restriction else []
        return found + [ONE_SPLIT] * self.one_split

    @property
    def imported(self) -> bool:
        """Whether another tool trained trials here: no command trains these again."""
        sweeps = self.about.get("sweeps", {}).values() or [self.about]
        return any(sweep["space"] == IMPORTED for sweep in sweeps)

    @property
    def axes(self) -> Axes:
        """Every axis of the sweep, in the form that the ledger has."""
        axes: Axes = self.about["axes"]
        return axes

    @cached_property
    def compared_axes(self) -> list[Mapping[str, Any]]:
        """The axes that the question is about: those that are not tuned."""
        return compared_axes(self.axes)

    @property
    def arms(self) -> list[Arm]:
        """The trials that stand for their arms, in the order of asking."""
        return self.tuned.arms

    @cached_property
    def ranked(self) -> list[Arm]:
        """The arms that may be compared: trained in full, every seed alive, not leaky."""
        return [arm for arm in self.arms if arm.ranked]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that are planned for every trial."""
        return tuple(range(self.first_seed, self.first_seed + int(self.about["seeds"])))

    @property
    def ended(self) -> bool:
        """Whether the sweep has nothing left to train."""
        return self.about["finished"] is not None


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What ``launch.py --confirm`` trained.

    Attributes:
        sweep: name of the sweep that confirms.
        study: winner and reference as arms of a study of their own, to be compared like others.
        seeds: the fresh seeds.
        winner: the winner as trained on the fresh seeds; its ``tests`` are by fresh seed.
        reference: the reference as trained on the fresh seeds; None where the winner is the
            reference itself.
        overlap: the seeds that trials of the confirmed sweep have too; these are not fresh.
    """

    sweep: str
    study: Study
    seeds: tuple[int, ...]
    winner: Arm
    reference: Arm | None
    overlap: tuple[int, ...]


def study(data: SweepData, *, margin: float | None = None) -> Study:
    """The study of a sweep that was read.

    Args:
        data: from ``ledger.read_sweep``.
        margin: the largest difference without practical importance; None takes the margin stated
            at the launch, else the metric's own.
    """
    about = data.about
    began = data.restriction.began if data.restriction else pc.min(data.trials["started"]).as_py()
    plan = _plan(data, began)
    said = plan.margin if margin is None else margin
    found = arms(data.trials, about["axes"])
    metric = _metric(about, said, found)
    tuned = tune(found, about["axes"], maximize=metric.maximize)
    reference, why = reference_arm(tuned.arms, about["base"], tuned_keys(about["axes"]))
    winner = best_arm(found, maximize=metric.maximize)
    fresh = study(data.confirmed_by, margin=said) if data.confirmed_by is not None else None
    return Study(
        about=about,
        metric=metric,
        trials=found,
        tuned=tuned,
        reference=reference,
        reference_why=why,
        curves=data.curves,
        restriction=data.restriction,
        one_split=one_split(data.trials),
        plan=plan,
        began=began,
        first_seed=int(standing(data.asked).get("first_seed", 0)),
        confirmation=_confirmation(fresh, winner, reference, found),
    )


def _confirmation(
    fresh: Study | None, winner: Arm | None, reference: Arm | None, trials: Sequence[Arm]
) -> Confirmation | None:
    """The confirmation of this winner against this reference; None where there is none.

    Args:
        fresh: the sweep that confirms; None where there is none.
        winner: the winner of the sweep that is confirmed.
        reference: the reference of the sweep that is confirmed.
        trials: all trials of the sweep that is confirmed.
    """
    if fresh is None or winner is None or reference is None:
        return None
    found = {arm.trial_id: arm for arm in fresh.trials}
    if not {winner.trial_id, reference.trial_id} <= found.keys():
        return None  # it confirms another winner, which was beaten since
    best, other = found[winner.trial_id], found[reference.trial_id]
    both = [best] if best is other else [best, other]
    used = {seed for arm in trials for seed in (*arm.values, *arm.diverged)}
    return Confirmation(
        sweep=str(fresh.about["name"]),
        study=dataclasses.replace(
            fresh,
            trials=both,
            tuned=Tuned(arms=both, tried={arm.number: 1 for arm in both}),
            reference=other if other.ranked else None,
            reference_why="the reference of the sweep that is confirmed",
        ),
        seeds=fresh.seeds,
        winner=best,
        reference=None if best is other else other,
        overlap=tuple(seed for seed in fresh.seeds if seed in used),
    )


def _plan(data: SweepData, began: datetime | None) -> SaidPlan:
    """The plan; of several sweeps, the margin that all share and the deviations of each."""
    if "sweeps" not in data.about:
        return said_plan(data.asked, began)
    plans = {
        name: said_plan([AskedAt(row["at"], row) for row in sweep.get("asked", [])], began)
        for name, sweep in data.about["sweeps"].items()
    }
    margins = {plan.margin for plan in plans.values()}
    return SaidPlan(
        margin=margins.pop() if len(margins) == 1 else None,
        margin_before=all(plan.margin_before for plan in plans.values()),
        deviations=tuple(
            dataclasses.replace(one, words=f"{name}: {one.words}")
            for name, plan in plans.items()
            for one in plan.deviations
        ),
    )


def _metric(about: Mapping[str, Any], margin: float | None, found: Sequence[Arm]) -> Metric:
    """The metric; if scores have another unit, without the metric's own range and margin."""
    metric = read_metric(about["metric"], about["direction"], margin)
    bounds = held_bounds(metric.bounds, scores(found))
    if bounds == metric.bounds:
        return metric
    return dataclasses.replace(metric, bounds=bounds, margin=margin)
