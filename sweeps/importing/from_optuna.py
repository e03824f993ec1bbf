"""Read an Optuna study from a database's address, an SQLite file, or a journal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.storages import BaseStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from focus_core.errors import UserError
from search_spaces.axes import Axis
from sweeps.commands.reasons import first_line
from sweeps.commands.redact import hide_secrets
from sweeps.commands.sqlite_address import sqlite_file
from sweeps.importing.found import (
    SEED,
    Asked,
    Direction,
    Found,
    Run,
    existing,
    listed,
    number,
    only,
    scalar,
)
from sweeps.machine.read_only import connect
from sweeps.record.schema import State

SQLITE = b"SQLite format 3"
UNNAMED = "value"
"""The score's name for a study without metric names."""
STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
REASONS = {"pruned": "pruned by Optuna", "failed": "failed in Optuna's study"}


def read(asked: Asked) -> Found:
    """The study's trials.

    Raises:
        UserError: there is no such storage or study, or the study has several objectives and none
            was chosen, or the direction asked for is not the study's.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    where = hide_secrets(asked.source)
    try:
        storage = _storage(asked.source)
        name = only(asked.of, optuna.get_all_study_names(storage), "study", where)
        study = optuna.load_study(study_name=name, storage=storage)
        trials = study.get_trials(deepcopy=False)
        at, metric = _objective(study, asked.metric)
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  an error of a database, a driver or Optuna
        raise UserError(f"cannot read Optuna's storage {where}: {first_line(error)}") from None
    several = len(study.directions) > 1
    found: Direction = "maximize" if study.directions[at] is StudyDirection.MAXIMIZE else "minimize"
    if asked.direction not in (None, found):
        raise UserError(f"--direction {asked.direction}: the study says {found}; leave it out")
    return Found(
        name=name,
        kind="the Optuna study",
        metric=metric,
        direction=found,
        runs=[_run(trial, at, asked, several=several) for trial in trials],
        axes=_axes(trials),
    )


def _storage(source: str) -> BaseStorage:
    """The storage behind an address or a path; a missing storage is not made."""
    path = sqlite_file(source) if "://" in source else Path(source)
    if path is None:
        return optuna.storages.RDBStorage(source, skip_table_creation=True)
    if not path.is_file() or not path.stat().st_size:
        raise UserError(f"no storage of Optuna's at {path}: name its file or address")
    with path.open("rb") as file:
        is_sqlite = file.read(len(SQLITE)) == SQLITE
    if not is_sqlite:
        backend = JournalFileBackend(str(path))
        return optuna.storages.JournalStorage(backend)
    options = {"creator": lambda: connect(path)}
    return optuna.storages.RDBStorage("sqlite://", engine_kwargs=options, skip_table_creation=True)


def _objective(study: optuna.Study, asked: str | None) -> tuple[int, str]:
    """Which objective is meant, and its name."""
    count = len(study.directions)
    names = study.metric_names or ([UNNAMED] if count == 1 else [str(n) for n in range(count)])
    if count == 1 and study.metric_names is None:
        return 0, asked or UNNAMED  # the user may say what it is
    if asked is None and count > 1:
        raise UserError(f"the study has several objectives, {listed(names)}: choose with --metric")
    name = names[0] if asked is None else existing(asked, names, "objective", "--metric")
    return names.index(name), name


def _run(trial: FrozenTrial, at: int, asked: Asked, *, several: bool) -> Run:
    state = STATES[trial.state]
    curve = {} if several else dict(sorted(trial.intermediate_values.items()))
    value = trial.values[at] if trial.values else None
    if value is None and curve:
        value = curve[max(curve)]
    parameters = {key: scalar(value) for key, value in trial.params.items()}
    seed = asked.seed or SEED
    if seed not in parameters and seed in trial.user_attrs:
        parameters[seed] = scalar(trial.user_attrs[seed])
    started, finished = _utc(trial.datetime_start), _utc(trial.datetime_complete)
    return Run(
        name=f"trial {trial.number}",
        parameters=parameters,
        state=state,
        reason=REASONS.get(state),
        value=value,
        test=number(trial.user_attrs.get(asked.test)) if asked.test else None,
        curve=curve,
        step=max(curve, default=None),
        started=started,
        finished=finished,
        seconds=(finished - started).total_seconds() if started and finished else 0.0,
    )


def _axes(trials: list[FrozenTrial]) -> dict[str, dict[str, Any]]:
    """What each parameter could be; where this differs between trials, the union of all."""
    axes: dict[str, dict[str, Any]] = {}
    for trial in trials:
        for key, distribution in trial.distributions.items():
            if isinstance(distribution, CategoricalDistribution):
                choices = [scalar(choice) for choice in distribution.choices]
                known = axes.get(key, {}).get("choices", [])
                both = {(type(c), c): c for c in [*known, *choices]}
                axes[key] = {"key": key, "kind": "categorical", "choices": list(both.values())}
                continue
            about = Axis(key=key, distribution=distribution).describe()
            if "low" in axes.get(key, {}):
                about["low"] = min(about["low"], axes[key]["low"])
                about["high"] = max(about["high"], axes[key]["high"])
            axes[key] = about
    return axes


def _utc(time: datetime | None) -> datetime | None:
    """Convert to UTC. Optuna keeps local time without a zone; this machine's zone is assumed."""
    return None if time is None else time.astimezone(UTC)
