"""What people do in MLflow's interface, as acts that a test draws from."""

from __future__ import annotations

import random
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from search_spaces import load
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.driving.driver import Driver
from sweeps.driving.study import Study
from sweeps.planning.question import parse_settings
from sweeps.record.ledger import Ledger
from sweeps.showing.tracking import MlflowTracker, TrackingSummary, connect
from tests.sweeps import audited_home as of

ACTIVE, DELETED, ALL = 1, 2, 3  # mlflow.entities.ViewType
EDITED = {
    "focus.sweep": "my favourite",
    "focus.created": "yesterday",
    "focus.kind": "note",
    "focus.trial_id": "0123456789ab",
    "focus.points": "99",
    "focus.newest": "never",
    "focus.layout": "1",
    "state": "great",
    "mlflow.parentRunId": "0" * 32,
}


class Person:
    """Somebody with a browser on a home's MLflow."""

    def __init__(self, home: Path, seed: int = 0) -> None:
        self.home = home
        self.uri = sqlite_url(home / "mlflow.db")
        self.client = connect(self.uri)
        self.chance = random.Random(seed)
        self.done: list[str] = []

    def act(self, name: str | None = None) -> None:
        """One act, drawn where none is named."""
        name = name or self.chance.choice(sorted(ACTS))
        self.done.append(name)
        ACTS[name](self)

    def runs(self, view: int = ACTIVE) -> list[Any]:
        """Of every experiment."""
        ids = [e.experiment_id for e in self.client.search_experiments(ALL)]
        return sorted(self.client.search_runs(ids, "", view), key=_number)

    def run(self, kind: str, view: int = ACTIVE) -> Any:
        """One that bears this kind still; None where there is none."""
        found = [run for run in self.runs(view) if run.data.tags.get("focus.kind") == kind]
        return self.chance.choice(found) if found else None

    def experiment(self, view: int = ACTIVE) -> Any:
        """One that holds runs; None where there is none."""
        held = {run.info.experiment_id for run in self.runs(ALL)}
        found = [e for e in self.client.search_experiments(view) if e.experiment_id in held]
        return self.chance.choice(found) if found else None

    def edit(self, run: Any, key: str) -> None:
        """Remove a tag, or write something else into it."""
        if run is None:
            return
        if key in run.data.tags and self.chance.random() < 0.5:
            self.client.delete_tag(run.info.run_id, key)
        else:
            self.client.set_tag(run.info.run_id, key, EDITED[key])


def _number(run: Any) -> tuple[int, str]:
    return run.info.start_time, run.info.run_id


def _with(found: Any, action: Callable[[Any], object]) -> None:
    if found is not None:
        action(found)


def gc(person: Person) -> None:
    """Permanently delete what is deleted: the command itself."""
    with warnings.catch_warnings():  # of its own, about things that we do not use
        warnings.simplefilter("ignore")
        import mlflow.cli

    words = ["--backend-store-uri", person.uri, "--tracking-uri", person.uri]
    with pytest.MonkeyPatch.context() as patch:  # the command sets it, for this whole process
        patch.setenv("MLFLOW_TRACKING_URI", person.uri)
        done = CliRunner().invoke(mlflow.cli.gc, words)
    assert done.exit_code == 0, done.output


def delete_run(person: Person, kind: str) -> None:
    _with(person.run(kind), lambda run: person.client.delete_run(run.info.run_id))


def restore_run(person: Person) -> None:
    """Also one that we have replaced."""
    found = person.run(person.chance.choice(["trial", "superseded"]), DELETED)
    if found is None:
        return
    held = person.client.get_experiment(found.info.experiment_id)
    if held.lifecycle_stage == "active":
        person.client.restore_run(found.info.run_id)


def delete_experiment(person: Person) -> None:
    _with(person.experiment(), lambda e: person.client.delete_experiment(e.experiment_id))


def restore_experiment(person: Person) -> None:
    found = person.experiment(DELETED)
    _with(found, lambda e: person.client.restore_experiment(e.experiment_id))


def rename_experiment(person: Person) -> None:
    name = f"mine {person.chance.random()}"
    _with(person.experiment(), lambda e: person.client.rename_experiment(e.experiment_id, name))


def replace_experiment(person: Person) -> None:
    """Theirs takes the name of ours."""
    rename_experiment(person)
    if person.client.get_experiment_by_name(f"focus-sweeps/{of.NAME}") is None:
        person.client.create_experiment(f"focus-sweeps/{of.NAME}")


def copy_experiment_tag(person: Person) -> None:
    tags = {"focus.space": of.NAME}
    person.client.create_experiment(f"copy {person.chance.random()}", tags=tags)


def edit_experiment_tag(person: Person) -> None:
    def edit(found: Any) -> None:
        if person.chance.random() < 0.5:
            person.client.set_experiment_tag(found.experiment_id, "focus.space", "else")
        elif "focus.space" in found.tags:
            person.client.delete_experiment_tag(found.experiment_id, "focus.space")

    _with(person.experiment(), edit)


def rename_run(person: Person) -> None:
    found = person.run(person.chance.choice(["trial", "sweep"]))
    _with(found, lambda run: person.client.update_run(run.info.run_id, name="the good one"))


def edit_tag(person: Person, kind: str, key: str) -> None:
    person.edit(person.run(kind), key)


ACTS: dict[str, Callable[[Person], None]] = {
    "delete a trial's run": lambda person: delete_run(person, "trial"),
    "delete the sweep's run": lambda person: delete_run(person, "sweep"),
    "restore a run": restore_run,
    "delete the experiment": delete_experiment,
    "restore the experiment": restore_experiment,
    "rename the experiment": rename_experiment,
    "replace the experiment": replace_experiment,
    "copy the experiment's tag": copy_experiment_tag,
    "edit the experiment's tag": edit_experiment_tag,
    "rename a run": rename_run,
    "mlflow gc": gc,
    **{
        f"edit {key} of a {kind}": partial(edit_tag, kind=kind, key=key)
        for key in EDITED
        for kind in ("trial", "sweep")
    },
}


def relaunch(home: Path) -> TrackingSummary:
    """The launch of a sweep that is over: MLflow is brought up to date, and nothing is trained."""
    ledger = Ledger(sqlite_url(home / "ledger.db"))
    sweep = ledger.find_sweep(of.NAME)
    assert sweep is not None
    space = load(of.NAME)
    base = space.base().override(parse_settings(of.SETTINGS))
    study = Study(space, sampler="grid", seed=0, direction="maximize", warmup=None)
    uri = sqlite_url(home / "mlflow.db")
    tracker = MlflowTracker(uri, home / "artifacts", flush_seconds=0.01)
    driver = Driver(
        ledger, sweep, study, lambda point: space.configure(point, base), listeners=[tracker]
    )
    assert driver.done
    driver.close()
    ledger.close()
    return tracker.close()


def wrong(person: Person) -> list[str]:
    """What of the law does not hold: one live run a trial under one live run of the sweep.

    A trial's run whose time of creation and whose parent were both edited is its editor's.
    """
    found = [f"audit: {where}: {what}" for _, where, what in of.findings(person.home)]
    runs = [run for run in person.runs() if run.data.tags.get("focus.sweep") == of.NAME]
    parents = {r.info.run_id for r in runs if r.data.tags["focus.kind"] == "sweep"}
    created = {r.data.tags["focus.created"] for r in runs if r.info.run_id in parents}
    children = [
        run
        for run in person.runs()
        if run.data.tags.get("focus.trial_id")
        and (
            run.data.tags.get("focus.created") in created
            or run.data.tags.get("mlflow.parentRunId") in parents
        )
    ]
    count = Counter(run.data.tags["focus.trial_id"] for run in children)
    if len(parents) != 1:
        found.append(f"{len(parents)} parents")
    if sorted(count.values()) != [1] * of.TRIALS:
        found.append(f"runs of trials: {sorted(count.values())}")
    if {run.data.tags.get("mlflow.parentRunId") for run in children} != parents:
        found.append("children under no parent")
    live = {e.experiment_id for e in person.client.search_experiments()}
    if any(run.info.experiment_id not in live for run in runs):
        found.append("runs in a deleted experiment")
    return found
