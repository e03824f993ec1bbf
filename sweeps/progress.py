"""Where a sweep stands, computed from what the driver says: for the display and the tracker."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sweeps.schema import STATES, TERMINAL, Report, Sweep, Trial

ENDED = (*TERMINAL, "killed")


def short_name(trial: Trial) -> str:
    """What a person calls this trial: its variant and what else varies, without the sections."""
    others = {key: value for key, value in trial.point.items() if key != "variant"}
    return " ".join(filter(None, (trial.variant, short_point(others)))) or trial.trial_id


def short_point(point: Mapping[str, Any]) -> str:
    """``{"model.bin_length": 16, "model.nfft_factor": 2}`` as ``bin_length=16 nfft_factor=2``."""
    return " ".join(f"{key.rsplit('.', 1)[-1]}={_short(value)}" for key, value in point.items())


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def best_trial(sweep: Sweep, trials: Iterable[Trial]) -> Trial | None:
    """The best complete trial; a leaky or a diverged one never is."""
    ranked = [
        (trial.value, trial)
        for trial in trials
        if trial.state == "complete" and trial.causal and _finite(trial.value)
    ]
    if not ranked:
        return None
    choose = max if sweep.direction == "maximize" else min
    return choose(ranked, key=lambda pair: pair[0] or 0.0)[1]


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def count_states(sweep: Sweep, trials: Iterable[Trial]) -> dict[str, int]:
    """How many trials are in each state; those not yet asked for count as waiting."""
    counts: dict[str, int] = dict.fromkeys(STATES, 0)
    for trial in trials:
        counts[trial.state] += 1
    counts["waiting"] += max(0, sweep.planned - sum(counts.values()))
    return counts


class Progress:
    """One launch of one sweep: its trials as last heard of, pace and time left.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._ended_before = 0
        self._steps_trained = 0
        self.sweep: Sweep | None = None
        self.trials: dict[int, Trial] = {}
        self.last: dict[int, tuple[int, float | None]] = {}
        """Step and value of each trial's last report, by ``Trial.id``."""

    def start(
        self, sweep: Sweep, trials: Sequence[Trial], reports: Mapping[int, Sequence[Report]]
    ) -> None:
        """What the ledger holds at the launch."""
        self.sweep = sweep
        self.trials = {trial.id: trial for trial in trials}
        self.last = {
            row: (points[-1].step, points[-1].value) for row, points in reports.items() if points
        }
        self._ended_before = self.ended()

    def update(self, sweep: Sweep, trial: Trial) -> None:
        """A trial started, or ended."""
        self.sweep = sweep
        self.trials[trial.id] = trial
        if trial.state == "running" and self._began is None:
            self._began = self._clock()

    def report(self, sweep: Sweep, trial: Trial, report: Report) -> None:
        """A trial said something."""
        self.update(sweep, trial)
        before = self.last.get(trial.id, (0, None))[0]
        self._steps_trained += max(0, report.step - before)
        self.last[trial.id] = (report.step, report.value)

    def counts(self) -> dict[str, int]:
        """Trials by state."""
        return count_states(self.sweep, self.trials.values()) if self.sweep else {}

    def best(self) -> Trial | None:
        """The best complete trial so far."""
        return best_trial(self.sweep, self.trials.values()) if self.sweep else None

    def running(self) -> list[Trial]:
        """Trials a worker has, in the order they were asked for."""
        found = [trial for trial in self.trials.values() if trial.state == "running"]
        return sorted(found, key=lambda trial: trial.number)

    def ended(self) -> int:
        """Trials that will not go on in this launch."""
        return sum(trial.state in ENDED for trial in self.trials.values())

    def planned(self) -> int:
        """Trials asked for."""
        return max(self.sweep.planned if self.sweep else 0, len(self.trials))

    def seconds(self) -> float:
        """Since the first trial of this launch started."""
        return 0.0 if self._began is None else self._clock() - self._began

    def trials_per_minute(self) -> float | None:
        """Trials ended in this launch; None until there is one."""
        ended, seconds = self.ended() - self._ended_before, self.seconds()
        return 60 * ended / seconds if ended > 0 and seconds > 0 else None

    def seconds_left(self) -> float | None:
        """At the steps per second of this launch, were nothing pruned; None until known."""
        if not self._steps_trained or not self.seconds():
            return None
        return self._steps_left() * self.seconds() / self._steps_trained

    def _steps_left(self) -> float:
        known = list(self.trials.values())
        left = sum(t.steps - self._step(t) for t in known if t.state not in ENDED)
        typical = sum(t.steps for t in known) / len(known)
        return left + typical * max(0, self.planned() - len(known))

    def _step(self, trial: Trial) -> int:
        return self.last.get(trial.id, (trial.step, None))[0]
