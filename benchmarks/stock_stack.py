"""Trials a minute, beside the stock stacks: ``python benchmarks/stock_stack.py [--out FILE]``.

The same trials of the space ``focus``, proposed by TPE, trained by the same ``fit``, by
- this project on a local Ray,
- Ray Tune with ``OptunaSearch`` and ``MLflowLoggerCallback``, as their documents show them, and the
  same with ``reuse_actors``,
- Optuna alone: as many processes as CPUs by joblib, which share a journal; no MLflow, no Ray.

Every stack runs in a process of its own, in turn, ``--rounds`` times. The time is from the command
to its end, so imports and Ray's start are in it; ``after the first`` is from the first end of a
trial to the last.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from result import publish, read_command

from focus_core.tools.executed_code import ROOT
from search_spaces import load
from sweeps.driving.study import suggest

SETTINGS = {"train.eval_every": 10, "train.warmup_steps": 2}
SETTINGS |= {"task.eval_sequences": 64, "task.test_sequences": 64}
CPUS = os.cpu_count() or 1


def main() -> None:
    """Measure and publish."""
    args = read_command(__doc__, trials=40, steps=20, rounds=2, stack="")
    if args.stack:
        STACKS[args.stack](args.trials, args.steps)
        return
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in STACKS}
    for number in range(args.rounds):
        for name in STACKS:
            found[name].append(_run(name, args.trials, args.steps))
            print(f"round {number + 1}: {name} {found[name][-1]}", file=sys.stderr, flush=True)
    best = {name: (max(w for w, _ in of), max(r for _, r in of)) for name, of in found.items()}
    ours = best[OURS]
    rows = [
        {
            "stack": name,
            "trials a minute": f"{whole:.1f}",
            "ours": f"x{ours[0] / whole:.2f}",
            "after the first": f"{rest:.1f}",
            "ours after the first": f"x{ours[1] / rest:.2f}",
        }
        for name, (whole, rest) in best.items()
    ]
    notes = [
        f"{args.trials} trials of {args.steps} steps, the best of {args.rounds} rounds, by turns",
        f"as many trials at once as CPUs ({CPUS}), one thread each",
    ]
    publish("Trials a minute, beside the stock stacks", rows, notes, args.out)


def _run(name: str, trials: int, steps: int) -> tuple[float, float]:
    """Trials a minute: over the whole command, and after the first end of a trial."""
    words = [sys.executable, __file__, "--stack", name]
    with tempfile.TemporaryDirectory(prefix="s-") as folder:
        more = {"STACK_FOLDER": folder, "OMP_NUM_THREADS": "1", "RAY_AUTH_MODE": "disabled"}
        began = time.time()
        subprocess.run(
            [*words, "--trials", str(trials), "--steps", str(steps)],
            check=True,
            env={**os.environ, **more, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        seconds = time.time() - began
        ends = sorted(map(float, (Path(folder) / "ends.txt").read_text().split()))
    assert len(ends) == trials, f"{name}: {len(ends)} of {trials} trials"
    return 60 * trials / seconds, 60 * (trials - 1) / (ends[-1] - ends[0])


def _folder() -> Path:
    return Path(os.environ["STACK_FOLDER"])


def _ended() -> None:
    with (_folder() / "ends.txt").open("a") as lines:
        lines.write(f"{time.time()}\n")


def _point(trial: Any) -> dict[str, Any]:
    """Ask an Optuna trial for a point of the space."""
    point: dict[str, Any] = {}
    for axis in load("focus").axes:
        if axis.active(point):
            point[axis.key] = axis.nearest(suggest(trial, axis))
    return point


def _train(point: dict[str, Any], steps: int, report: Callable[[dict[str, float]], None]) -> None:
    """Train the trial of ``point`` with one seed, on one thread."""
    import torch

    from focus_core.training.loop import fit

    torch.set_num_threads(1)
    space = load("focus")
    base = space.base().override({**SETTINGS, "train.steps": steps})
    fit(space.configure(point, base), [0], report, device=torch.device("cpu"))
    _ended()


def run_ours(trials: int, steps: int) -> None:
    """Run the sweep by this project; its ledger says when each trial ended."""
    words = ["--space", "focus", "--trials", str(trials), "--seeds", "1", "--sampler", "tpe"]
    words += ["--home", str(_folder() / "home"), "--set", f"train.steps={steps}"]
    words += [f"{key}={value}" for key, value in SETTINGS.items()]
    subprocess.run([sys.executable, "sweeps/launch.py", *words], check=True, cwd=ROOT)
    import sqlite3

    ledger = sqlite3.connect(_folder() / "home" / "ledger.db")
    ends = ledger.execute("SELECT strftime('%s', finished), finished FROM trials").fetchall()
    with (_folder() / "ends.txt").open("a") as lines:
        lines.writelines(f"{float(s) + float('0.' + at.split('.')[1])}\n" for s, at in ends)


def run_tune(trials: int, steps: int, *, reuse: bool = False) -> None:
    """Ray Tune with its own Optuna search and its own MLflow callback."""
    from ray import tune
    from ray.air.integrations.mlflow import MLflowLoggerCallback
    from ray.tune.search.optuna import OptunaSearch

    def trainable(config: dict[str, Any]) -> None:
        _train(config, steps, tune.report)

    search = OptunaSearch(_point, metric="value/0", mode="max", seed=0)
    tracking = f"sqlite:///{_folder() / 'mlflow.db'}"
    callbacks = [MLflowLoggerCallback(tracking_uri=tracking, experiment_name="focus")]
    tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        tune_config=tune.TuneConfig(search_alg=search, num_samples=trials, reuse_actors=reuse),
        run_config=tune.RunConfig(
            storage_path=str(_folder() / "tune"), callbacks=callbacks, verbose=0
        ),
    ).fit()


def _work(trials: int, steps: int) -> None:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    storage = optuna.storages.JournalStorage(JournalFileBackend(str(_folder() / "optuna.log")))
    study = optuna.load_study(study_name="focus", storage=storage)

    def objective(trial: Any) -> float:
        said: dict[str, float] = {}
        _train(_point(trial), steps, said.update)
        return said["value/0"]

    study.optimize(objective, n_trials=trials)


def run_optuna(trials: int, steps: int) -> None:
    """Optuna in as many processes as CPUs, by joblib."""
    import joblib
    import optuna
    from optuna.storages.journal import JournalFileBackend

    storage = optuna.storages.JournalStorage(JournalFileBackend(str(_folder() / "optuna.log")))
    optuna.create_study(study_name="focus", storage=storage, direction="maximize")
    shares = [len(range(number, trials, CPUS)) for number in range(CPUS)]
    joblib.Parallel(n_jobs=CPUS)(joblib.delayed(_work)(share, steps) for share in shares)


OURS = "this project"
STACKS: dict[str, Callable[[int, int], None]] = {
    OURS: run_ours,
    "Ray Tune, OptunaSearch, MLflow": run_tune,
    "the same, reuse_actors": lambda trials, steps: run_tune(trials, steps, reuse=True),
    "Optuna, joblib": run_optuna,
}


if __name__ == "__main__":
    main()
