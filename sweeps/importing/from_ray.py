"""Read an experiment folder of Ray Tune from its JSON files, without Ray.

Nothing is unpickled: a pickle from elsewhere may run any program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from focus_core.errors import UserError
from sweeps.commands.command_line import counted
from sweeps.commands.redact import hide_secrets
from sweeps.importing.found import (
    Asked,
    Found,
    Run,
    existing,
    flat,
    number,
    scalar,
    the_direction,
    the_metric,
)
from sweeps.machine.foreign_text import read_text
from sweeps.record.schema import State

RESULTS, CONFIG, ERROR = "result.json", "params.json", "error.txt"
STEP = "training_iteration"
BOOKKEEPING = {
    *("timestamp", "pid", "time_this_iter_s", "time_total_s", "time_since_restore"),
    *("iterations_since_restore", STEP, "timesteps_total", "episodes_total"),
}
"""Numbers that Tune adds to every result: none of them is a score."""
STATES: dict[str, State] = {
    "TERMINATED": "complete",
    "ERROR": "failed",
    "RUNNING": "running",
    "PAUSED": "running",
    "PENDING": "waiting",
}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
OPEN = ("running", "waiting")


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """What the files of a trial hold.

    Attributes:
        about: the trial's part of the experiment's state file.
        more: the values of that part that change while the trial runs.
        config: the flat config.
        results: the flat results in the order of reporting.
        error: the traceback, where there is one.
    """

    about: Mapping[str, Any]
    more: Mapping[str, Any]
    config: Mapping[str, Any]
    results: list[dict[str, Any]]
    error: str | None

    @property
    def step(self) -> int:
        """The last iteration of the trial; 0 where the trial has not reported."""
        return int(self.results[-1].get(STEP, len(self.results))) if self.results else 0


def read(asked: Asked) -> Found:
    """The experiment's trials.

    Raises:
        UserError: there is no readable experiment, or it has several scores and none was chosen,
            or no direction was given.
    """
    folder = Path(asked.source.removeprefix("file://")).expanduser()
    state_files = sorted(folder.glob("experiment_state-*.json"))
    if not state_files:
        inside = sorted(folder.glob("*/experiment_state-*.json"))
        hint = f"; one inside it is: name {inside[0].parent}" if inside else ""
        raise UserError(f"{folder} is no experiment folder of Ray Tune's{hint}")
    state = _json(state_files[-1])
    try:
        said = state["runner_data"].get("_metric")
        trials = [_trial(folder, *map(json.loads, words)) for words in state["trial_data"]]
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{state_files[-1]} is written in no way that is known here") from None
    scores = {
        name
        for trial in trials
        for result in trial.results
        for name, value in result.items()
        if number(value) is not None and name not in BOOKKEEPING and not name.startswith("config/")
    }
    metric = the_metric(asked.metric, scores, said=said)
    if asked.test is not None:
        existing(asked.test, scores, "score", "--test")
    longest = max((trial.step for trial in trials), default=0)
    runs = [_run(trial, metric, asked, longest) for trial in trials]
    return Found(
        name=folder.resolve().name,
        kind="the Ray Tune experiment",
        metric=metric,
        direction=the_direction(asked.direction, metric),
        runs=sorted(runs, key=lambda run: run.name),
        notes=_notes(runs, longest),
    )


def _notes(runs: list[Run], longest: int) -> list[str]:
    stopped = sum(run.state == "pruned" for run in runs)
    return [
        f"Tune does not say who ended a trial: {counted(stopped, 'trial')} that ended before "
        f"iteration {longest} count as pruned"
    ] * bool(stopped)


def _trial(folder: Path, about: Mapping[str, Any], more: Mapping[str, Any]) -> _Trial:
    own = folder / about["relative_logdir"]
    config = about.get("config")
    return _Trial(
        about=about,
        more=more,
        config=flat(config if isinstance(config, Mapping) else _json(own / CONFIG)),
        results=list(_lines(own / RESULTS)) if (own / RESULTS).is_file() else [],
        error=_error(own / ERROR) if (own / ERROR).is_file() else None,
    )


def _run(trial: _Trial, metric: str, asked: Asked, longest: int) -> Run:
    state, results = STATES.get(trial.about["status"], "failed"), trial.results
    curve = {
        int(result.get(STEP, at)): score
        for at, result in enumerate(results, 1)
        if (score := number(result.get(metric))) is not None
    }
    last = results[-1] if results else {}
    reason = None
    if state == "complete" and trial.step < longest:
        state, reason = "pruned", f"ended at iteration {trial.step} of {longest}"
    if state == "failed":
        lines = (trial.error or "").strip().splitlines()
        reason = lines[-1] if lines else "failed in Ray Tune"
    return Run(
        name=f"trial {trial.about['trial_id']}",
        parameters={key: scalar(value) for key, value in trial.config.items()},
        state=state,
        reason=reason,
        error=trial.error,
        value=curve[max(curve)] if curve else None,
        test=number(last.get(asked.test)) if asked.test else None,
        curve=curve,
        step=trial.step if results else None,
        started=_time(trial.more.get("start_time")),
        finished=_time(trial.more.get("last_result_time")) if state not in OPEN else None,
        seconds=number(last.get("time_total_s")) or 0.0,
    )


def _error(path: Path) -> str:
    return hide_secrets(COLOURS.sub("", read_text(path)))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in read_text(path).splitlines():
        try:
            yield flat(json.loads(line))
        except ValueError:  # the writer was killed while it wrote this line
            return


def _json(path: Path) -> Any:
    try:
        return json.loads(read_text(path))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {str(error).splitlines()[0]}") from None


def _time(seconds: Any) -> datetime | None:
    """The time in UTC; None for minus infinity, which a trial has before its first report."""
    known = isinstance(seconds, int | float) and 0 < seconds < float("inf")
    return datetime.fromtimestamp(seconds, UTC) if known else None
