from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from focus_core.config import TrialConfig
from search_spaces.space import Axis, Space
from sweeps.driving.driver import Driver
from sweeps.driving.study import Study
from sweeps.record.attempts import Place
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Sweep
from tests.sweeps import exported_home, mlflow_database
from tests.sweeps.local_launches import run_here

# A background job of a shell, or of nohup, hands down what it ignores.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

blank_mlflow = mlflow_database.blank_database

SMALL = {
    "model.width": 8,
    "model.layers": 1,
    "task.length": 32,
    "task.eval_sequences": 32,
    "task.test_sequences": 32,
    "train.steps": 4,
    "train.eval_every": 2,
    "train.warmup_steps": 1,
    "train.batch_size": 4,
}


def small_base() -> TrialConfig:
    return TrialConfig().override(SMALL)


GRID = Space(
    name="grid_of_six",
    question="Does the test work?",
    base=small_base,
    axes=(
        Axis(key="model.bin_length", distribution=CategoricalDistribution((4, 8, 16))),
        Axis(key="model.chunk_length", distribution=CategoricalDistribution((8, 16))),
    ),
    seeds=2,
    trials=None,
    sampler="grid",
    pruner=None,
)
CONTINUOUS = Space(
    name="continuous",
    question="Which learning rate?",
    base=small_base,
    axes=(
        Axis(
            key="train.learning_rate",
            distribution=FloatDistribution(low=1e-4, high=1e-1, log=True),
        ),
        Axis(key="model.bin_length", distribution=CategoricalDistribution((4, 8, 16))),
    ),
    seeds=1,
    trials=30,
    sampler="tpe",
    pruner="median",
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened
    opened.close()


def add_sweep(ledger: Ledger, space: Space = GRID, *, name: str = "s", **changes: Any) -> Sweep:
    row = {
        "name": name,
        "space": space.name,
        "question": space.question,
        "metric": "accuracy",
        "direction": "maximize",
        "sampler": space.sampler,
        "sampler_seed": 0,
        "seeds": space.seeds,
        "planned": space.trials or len(space.grid()),
        "base": space.base().canonical(),
        "axes": space.describe_axes(),
        "command": "python sweeps/launch.py",
        "given": {"set": {}},
        "code": "c0de",
        **changes,
    }
    return ledger.add_sweep(Sweep(**row))


def make_driver(
    ledger: Ledger, sweep: Sweep, space: Space = GRID, *, warmup: int | None = None, **options: Any
) -> Driver:
    study = Study(
        space,
        sampler=sweep.sampler,
        seed=sweep.sampler_seed,
        direction="maximize",
        warmup=warmup,
    )
    return Driver(ledger, sweep, study, lambda p: space.configure(p, space.base()), **options)


HERE = Place(host="gpu-1", device="NVIDIA H200", torch="2.13.0")
"""Where an attempt runs."""

Score = Callable[[dict[str, Any], int, int], float]
"""(config, seed, step) -> value"""


def train(driver: Driver, score: Score, *, at_most: int | None = None) -> list[str]:
    """Carry out what the driver hands out, as a worker would; returns the trial ids trained."""
    trained: list[str] = []
    while at_most is None or len(trained) < at_most:
        assignment = driver.next_trial()
        if assignment is None:
            break
        trained.append(assignment.trial_id)
        driver.began(assignment.trial_id, HERE)
        steps = assignment.config["train.steps"]
        for step in range(1, steps + 1):
            report = {"step": float(step), "seconds": 0.5}
            for seed in assignment.seeds:
                report[f"value/{seed}"] = score(assignment.config, seed, step)
                if step == steps:
                    report[f"test/{seed}"] = score(assignment.config, seed, step) - 0.1
            if not driver.report(assignment.trial_id, report):
                break
        else:
            driver.finished(assignment.trial_id)
    return trained


def by_bin(config: dict[str, Any], seed: int, step: int) -> float:
    return int(config["model.bin_length"]) / 100 + seed / 1000 + step / 10000


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory, blank_mlflow: Path) -> Path:
    """A home with a sweep of two trials of two seeds."""
    folder = tmp_path_factory.mktemp("trained") / "home"
    folder.mkdir()
    shutil.copy(blank_mlflow, folder / "mlflow.db")
    code, _, said = run_here(folder, exported_home.WORDS)
    assert code == 0, said
    return folder


@pytest.fixture
def trained_copy(trained_home: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(trained_home, tmp_path / "home"))
