"""The progress of a sweep, computed from the driver's events for the display and the tracker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sweeps.evidence.alarms import report_alarms
from sweeps.evidence.ranking import Leaks, best_of, is_leaky, may_rank
from sweeps.record.schema import STATES, TERMINAL, Report, Sweep, Trial
from sweeps.showing.pace import Pace, Range

ENDED = (*TERMINAL, "killed")


def short_name(trial: Trial) -> str:
    """A short name for people: the variant and the other axis values, without the sections."""
    others = {key: value for key, value in trial.point.items() if key != "variant"}
    return " ".join(filter(None, (trial.variant, short_point(others)))) or trial.trial_id


def short_point(point: Mapping[str, Any]) -> str:
    """``{"model.bin_length": 16, "model.nfft_factor": 2}`` as ``bin_length=16 nfft_factor=2``."""
    return " ".join(f"{key.rsplit('.', 1)[-1]}={_short(value)}" for key, value in point.items())


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def best_trial(sweep: Sweep, trials: Iterable[Trial], leaks: Leaks) -> Trial | None:
    """The best complete trial; a trial that diverged or sees the future is never the best."""
    ranked = ranked_trials(trials, leaks)
    return best_of(ranked, maximize=sweep.direction == "maximize")


def ranked_trials(trials: Iterable[Trial], leaks: Leaks) -> list[Trial]:
    """The trials that may be best."""
    return [trial for trial in trials if may_rank(trial, leaks.largest(trial.id))]


def score_name(sweep: Sweep) -> str:
    """What the trials are compared by: ``validation accuracy``."""
    return f"validation {sweep.metric.removeprefix('validation ')}"


def count_states(sweep: Sweep, trials: Iterable[Trial]) -> dict[str, int]:
    """How many trials are in each state; planned trials without a row count as waiting."""
    counts: dict[str, int] = dict.fromkeys(STATES, 0)
    for trial in trials:
        counts[trial.state] += 1
    counts["waiting"] += max(0, sweep.planned - sum(counts.values()))
    return counts


class Progress:
    """One launch of one sweep: the last known trials, their curves and alarms, and the time left.

    Args:
        clock: returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._pace = Pace(clock)
        self._leaks = Leaks()
        self._at_work: set[int] = set()
        self._most_running = 1
        self.sweep: Sweep | None = None
        self.trials: dict[int, Trial] = {}
        self.curves: dict[int, dict[int, float | None]] = {}
        """The score by step of each trial, by ``Trial.id``."""
        self.alarms: dict[int, dict[str, str]] = {}
        """Every alarm that a trial ever raised, by ``Trial.id`` and kind, in its last words."""

    def start(
        self, sweep: Sweep, trials: Sequence[Trial], reports: Mapping[int, Sequence[Report]]
    ) -> None:
        """Take in what the ledger holds at the launch."""
        self._began = self._clock()
        self.sweep = sweep
        self.trials = {trial.id: trial for trial in trials}
        for trial in trials:
            for report in reports.get(trial.id, ()):
                self._hear(trial, report)

    def update(self, sweep: Sweep, trial: Trial) -> None:
        """A trial started, or ended."""
        self.sweep = sweep
        self.trials[trial.id] = trial
        if trial.state != "running":
            self._at_work.discard(trial.id)
        elif trial.id not in self._at_work:
            self._at_work.add(trial.id)
            self._pace.begin(trial.id, self.step(trial))
            self._most_running = max(self._most_running, len(self._at_work))

    def report(self, sweep: Sweep, trial: Trial, report: Report) -> None:
        """A trial has reported."""
        self.update(sweep, trial)
        self._hear(trial, report)
        self._pace.reach(trial.id, report.step)

    def _hear(self, trial: Trial, report: Report) -> None:
        self.curves.setdefault(trial.id, {})[report.step] = report.value
        self._leaks.hear(trial.id, report.step, report.metrics)
        said = report_alarms(report.metrics, causal=trial.causal, config=trial.config)
        seeds = (key.partition("/")[2] for key in report.metrics if key.startswith("diverged/"))
        kinds = {alarm.split()[0]: alarm for alarm in said}
        kinds |= {f"seed {seed}": f"seed {seed} diverged" for seed in seeds}
        self.alarms.setdefault(trial.id, {}).update(kinds)

    def counts(self) -> dict[str, int]:
        """Trials by state."""
        return count_states(self.sweep, self.trials.values()) if self.sweep else {}

    def best(self) -> Trial | None:
        """The best complete trial so far."""
        return best_trial(self.sweep, self.trials.values(), self._leaks) if self.sweep else None

    def is_leaky(self, trial: Trial) -> bool:
        """Whether the trial is declared to see the future, or was so far measured to."""
        leak = self._leaks.largest(trial.id)
        return is_leaky(causal=trial.causal, config=trial.config, leak=leak)

    def ranked_values(self) -> list[float]:
        """The scores of all trials that may be best."""
        ranked = ranked_trials(self.trials.values(), self._leaks)
        return [trial.value for trial in ranked if trial.value is not None]

    def running(self) -> list[Trial]:
        """Trials that a worker has, in the order in which they were asked for."""
        found = [trial for trial in self.trials.values() if trial.state == "running"]
        return sorted(found, key=lambda trial: trial.number)

    def ended(self) -> int:
        """Trials that will not go on in this launch."""
        return sum(trial.state in ENDED for trial in self.trials.values())

    def planned(self) -> int:
        """Trials asked for."""
        return max(self.sweep.planned if self.sweep else 0, len(self.trials))

    def seconds(self) -> float:
        """Seconds since this launch began."""
        return self._clock() - self._began

    def remaining(self) -> Range | None:
        """Seconds that this launch still takes; None while nothing is measured or left."""
        running = self.running()
        known = list(self.trials.values())
        waiting = [float(t.steps - self.step(t)) for t in known if t.state == "waiting"]
        if known:
            typical = sum(trial.steps for trial in known) / len(known)
            waiting += [typical] * (self.planned() - len(known))
        if not running and not waiting:
            return None
        return self._pace.remaining(
            [(trial.id, trial.steps - self.step(trial)) for trial in running],
            waiting,
            workers=max(len(running), min(self._most_running, len(running) + len(waiting))),
            share=self._share(),
        )

    def _share(self) -> float:
        """The mean share of the budget that the complete and the pruned trials trained."""
        over = [t for t in self.trials.values() if t.state in ("complete", "pruned")]
        return sum(t.step / max(1, t.steps) for t in over) / len(over) if over else 1.0

    def step(self, trial: Trial) -> int:
        """The step of the trial's furthest report; without reports, ``trial.step``."""
        return max(self.curves.get(trial.id, ()), default=trial.step)
