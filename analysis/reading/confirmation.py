"""The winner and the reference of a sweep, trained again on seeds that chose nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.reading.arms import Arm, arms
from analysis.reading.ledger import SweepData
from sweeps.said import standing


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What ``launch.py --confirm`` trained.

    Attributes:
        sweep: its name.
        seeds: the fresh ones.
        winner: the sweep's winner as trained here: its ``tests`` are by fresh seed.
        reference: the same of the reference; None where the winner is the reference itself.
        overlap: seeds that trials of the sweep have, too: these are fresh no more.
    """

    sweep: str
    seeds: tuple[int, ...]
    winner: Arm
    reference: Arm | None
    overlap: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Both are trained in full, every seed fresh and alive: the headline may rest on it."""
        both = [self.winner] if self.reference is None else [self.winner, self.reference]
        return all(arm.whole for arm in both) and not self.overlap

    def differences(self) -> dict[int, float]:
        """Winner minus reference on the test split, seed by seed; empty unless ``whole``."""
        if not self.whole or self.reference is None:
            return {}
        other = self.reference.tests
        return {s: score - other[s] for s, score in self.winner.tests.items() if s in other}


def confirmation(
    data: SweepData | None, winner: Arm | None, reference: Arm | None, trials: Sequence[Arm]
) -> Confirmation | None:
    """The confirmation of this winner against this reference; None where there is none.

    Args:
        data: the sweep that confirms; None: there is none.
        winner: of the sweep that is confirmed.
        reference: of the same.
        trials: all of the same.
    """
    if data is None or winner is None or reference is None:
        return None
    found = {arm.trial_id: arm for arm in arms(data.trials, data.about["axes"])}
    if not {winner.trial_id, reference.trial_id} <= found.keys():
        return None  # of a winner that has been beaten since
    first = int(standing(data.asked).get("first_seed", 0))
    seeds = range(first, first + int(data.about["seeds"]))
    used = {seed for arm in trials for seed in (*arm.values, *arm.diverged)}
    itself = winner.trial_id == reference.trial_id
    return Confirmation(
        sweep=str(data.about["name"]),
        seeds=tuple(seeds),
        winner=found[winner.trial_id],
        reference=None if itself else found[reference.trial_id],
        overlap=tuple(seed for seed in seeds if seed in used),
    )
