"""A home as a sweep leaves it, made without training: six trials, every way to end."""

import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from focus_core.config import TrialConfig
from search_spaces import load
from search_spaces.space import Space
from sweeps.auditing.home import look
from sweeps.driving.assignment import Assignment
from sweeps.driving.driver import Driver
from sweeps.driving.study import Study
from sweeps.planning.question import parse_settings
from sweeps.record.home import find_home
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Sweep, Trial
from sweeps.showing.tracking import MlflowTracker
from tests.sweeps.conftest import HERE
from tests.sweeps.mlflow_database import blank_database, settle  # noqa: F401  a fixture

SETTINGS = ["model.width=8", "train.steps=6", "train.eval_every=2", "train.warmup_steps=1"]
NAME, SEEDS, TRIALS, STEPS = "nfft_bins", 2, 6, (2, 4, 6)
PRUNED, DIVERGED, RAISED = 1, 2, 3  # by number; the others complete


class Scripted(Study):
    """Prunes one trial."""

    def report(self, trial: Trial, step: int, value: float) -> bool:
        super().report(trial, step, value)
        return trial.number == PRUNED and step == STEPS[1]


def add_sweep(ledger: Ledger, **changes: Any) -> tuple[Space, TrialConfig, Sweep]:
    space = load(NAME)
    base = space.base().override(parse_settings(SETTINGS))
    columns: dict[str, Any] = {
        "name": NAME,
        "space": NAME,
        "question": space.question,
        "metric": "accuracy",
        "direction": "maximize",
        "sampler": "grid",
        "sampler_seed": 0,
        "seeds": SEEDS,
        "planned": TRIALS,
        "base": base.canonical(),
        "axes": space.describe_axes(),
        "command": shlex.join(["python", "sweeps/launch.py", "--set", *SETTINGS]),
        "given": {"set": parse_settings(SETTINGS)},
        "code": "c0de",
    }
    return space, base, ledger.add_sweep(Sweep(**columns | changes))


def say(driver: Driver, assignment: Assignment, number: int, step: int) -> bool:
    """What a worker would report; False when the trial should stop."""
    metrics = {"step": float(step), "seconds": 0.1}
    for seed in assignment.seeds:
        if number == DIVERGED and seed == 1:
            metrics[f"diverged/{seed}"] = 2.0
            continue
        metrics[f"value/{seed}"] = number / 10 + seed / 100 + step / 1000
        if step == STEPS[-1]:
            metrics[f"test/{seed}"] = number / 10 + seed / 100
    return driver.report(assignment.trial_id, metrics)


def work(driver: Driver) -> None:
    """Carry out what the driver hands out, as a worker would."""
    while (assignment := driver.next_trial()) is not None:
        number = driver.trials[assignment.trial_id].number
        driver.began(assignment.trial_id, HERE)
        if number == RAISED:
            say(driver, assignment, number, STEPS[0])
            driver.failed(assignment.trial_id, "ValueError: no", "Traceback ...")
        elif all(say(driver, assignment, number, step) for step in STEPS):
            driver.finished(assignment.trial_id)


def drive(
    home: Path,
    *,
    driver_class: type[Driver] = Driver,
    study_class: type[Study] = Scripted,
    ledger_class: type[Ledger] = Ledger,
    tracker: MlflowTracker | None = None,
) -> None:
    """One launch, to its end."""
    ledger = ledger_class(f"sqlite:///{home / 'ledger.db'}")
    space, base, sweep = add_sweep(ledger)
    study = study_class(space, sampler="grid", seed=0, direction="maximize", warmup=None)
    tracker = tracker or MlflowTracker(
        f"sqlite:///{home / 'mlflow.db'}", home / "artifacts", flush_seconds=0.01
    )
    driver = driver_class(
        ledger, sweep, study, lambda point: space.configure(point, base), listeners=[tracker]
    )
    work(driver)
    driver.close()
    assert tracker.close().dropped == 0
    for trial_id in driver.trials:
        folder = home / "checkpoints" / NAME / trial_id
        folder.mkdir(parents=True)
        (folder / "seeds-0-1.pt").touch()
    ledger.close()


@pytest.fixture
def blank_home(blank_database: Path, tmp_path: Path) -> Path:  # noqa: F811
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(blank_database, home / "mlflow.db")
    return home


@pytest.fixture(scope="session")
def finished_home(blank_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Made once; tests get copies."""
    home = tmp_path_factory.mktemp("finished")
    shutil.copy(blank_database, home / "mlflow.db")
    drive(home)
    for name in ("ledger.db", "mlflow.db"):
        with closing(sqlite3.connect(home / name)) as database:
            database.execute("pragma wal_checkpoint(truncate)")
    return home


@pytest.fixture
def home(finished_home: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "home"
    shutil.copytree(finished_home, copied)
    settle(copied)
    return copied


def findings(home: Path, sweep: str | None = None) -> list[tuple[int | None, str, str]]:
    """What the audit finds: (trial's number, where, what)."""
    numbers: dict[str | None, int] = dict(
        sql(home, "ledger", "select trial_id, number from trials")
    )
    return [
        (numbers.get(d.trial_id), d.where, d.what)
        for found in look(find_home(str(home)), sweep)
        for d in found.disagreements
    ]


def sql(home: Path, database: str, query: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(home / f"{database}.db")) as opened, opened:
        return opened.execute(query, values).fetchall()
