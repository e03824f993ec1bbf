"""The winner and the reference of a sweep, trained again on fresh seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.reading.arms import Arm
from analysis.reading.tuned import Tuned

if TYPE_CHECKING:
    from analysis.reading.study import Study


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


def confirmation(
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
