"""Seconds an audit of 10,000 trials takes: ``python benchmarks/audit.py [--out FILE]``.

The ledger, MLflow's database and the checkpoint folders are generated as a sweep leaves them,
in a temporary home. The audit runs as a user starts it, in a process of its own: once on the home
as it is (nothing may disagree) and once after one number in each record was changed (negative
control).
"""

from __future__ import annotations

import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from audited_mlflow import mirror
from result import publish, read_command

from focus_core.tools.executed_code import ROOT
from search_spaces import load
from search_spaces.space import Point, Space
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Replicate, Report, Sweep, Trial

TRIALS, SEEDS, ROUNDS = 10_000, 3, 3
START = datetime(2030, 1, 1, tzinfo=UTC)
PROBES = ("loss", "leak", "pole_radius_max", "pole_radius_median")  # by seed, as workers say them


def main() -> None:
    """Generate, audit, print."""
    args = read_command(__doc__, trials=TRIALS)
    with tempfile.TemporaryDirectory(prefix="focus-audit-") as folder:
        home = Path(folder)
        counts = generate(home, args.trials)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        times = [seconds(home, agrees=True) for _ in range(ROUNDS)]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        break_each(home)
        seconds(home, agrees=False)
        megabytes = sum(path.stat().st_size for path in home.glob("*.db")) / 1e6
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    row = counts | {
        "databases, MB": f"{megabytes:.0f}",
        "median, s": f"{statistics.median(times):.2f}",
        "worst, s": f"{max(times):.2f}",
        "CPU, s": f"{spent / ROUNDS:.2f}",
        "peak memory, MB": f"{after.ru_maxrss / 1024:.0f}",
    }
    notes = [
        f"wall time of `python sweeps/audit.py` as a process of its own, {ROUNDS} times",
        "negative control: with one wrong number in the ledger, one wrong status in MLflow and "
        "one folder too many, it exits 1",
    ]
    publish("Seconds an audit", [row], notes, args.out)


def seconds(home: Path, *, agrees: bool) -> float:
    """The wall time of one audit, which must come to the right end."""
    command = [sys.executable, str(ROOT / "sweeps/audit.py"), "--home", str(home)]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode != (0 if agrees else 1):
        raise SystemExit(f"exit code {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return round(took, 2)


def break_each(home: Path) -> None:
    """One wrong number in the ledger, one in MLflow, one folder too many."""
    with sqlite3.connect(home / "ledger.db") as database:
        database.execute("update trials set value = value + 1e-3 where number = 0")
    with sqlite3.connect(home / "mlflow.db") as database:
        database.execute("update runs set status = 'RUNNING' where name = '#1'")
    (home / "checkpoints/focus/0123456789ab").mkdir()


def generate(home: Path, trials: int) -> dict[str, int]:
    """A finished sweep of the space ``focus``: complete, pruned and diverged trials."""
    space, chance = load("focus"), random.Random(0)
    base = space.base()
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.add_sweep(
        Sweep(
            name="focus",
            space="focus",
            question=space.question,
            metric="accuracy",
            direction="maximize",
            sampler="random",
            sampler_seed=0,
            seeds=SEEDS,
            planned=trials,
            base=base.canonical(),
            axes=space.describe_axes(),
            command="python sweeps/launch.py --space focus",
            given={"set": {}},
            created=START,
            finished=START + timedelta(days=1),
        )
    )
    rows, replicates, reports = [], [], []
    for number in range(trials):
        point = draw(space, chance)
        config = space.configure(point, base)
        state = ("complete",) * 7 + ("pruned",) * 2 + ("failed",)
        trial = make_trial(number, state[number % 10], chance)
        rows.append(
            trial["row"]
            | {"sweep_id": sweep.id, "trial_id": config.trial_id, "point": point}
            | {"config": config.canonical(), "steps": config.train.steps}
        )
        replicates += trial["replicates"]
        reports += trial["reports"]
        folder = home / "checkpoints/focus" / config.trial_id
        folder.mkdir(parents=True)
        (folder / "seeds-0-1-2.pt").touch()
    with ledger.engine.begin() as connection:
        for table, found in ((Trial, rows), (Replicate, replicates), (Report, reports)):
            connection.execute(sa.insert(table), found)
    ledger.close()
    points = mirror(home, sweep, rows, reports)
    return {
        "trials": len(rows),
        "replicates": len(replicates),
        "reports": len(reports),
        "MLflow points": points,
    }


def draw(space: Space, chance: random.Random) -> Point:
    """A point of the space, at random."""
    point: Point = {}
    for axis in space.axes:
        if axis.active(point):
            d: Any = axis.distribution
            continuous = not hasattr(d, "choices")
            point[axis.key] = (
                chance.uniform(d.low, d.high) if continuous else chance.choice(d.choices)
            )
    return point


def make_trial(number: int, state: str, chance: random.Random) -> dict[str, Any]:
    """Columns of a trial, of its replicates and reports; 200 steps, evaluated every 40."""
    steps = {
        "complete": (40, 80, 120, 160, 200),
        "pruned": (40, 80),
        "failed": (40, 80, 120, 160, 200),
    }
    ended = START + timedelta(seconds=number)
    diverged = {2} if state == "failed" else set()
    reports: list[dict[str, Any]] = []
    for step in steps[state]:
        metrics: dict[str, Any] = {
            f"{p}/{s}": chance.random() for p in PROBES for s in range(SEEDS)
        }
        metrics |= {f"value/{s}": chance.random() for s in range(SEEDS) if s not in diverged}
        metrics |= {f"diverged/{s}": 10.0 for s in diverged}
        if step == 200:
            metrics |= {f"test/{s}": chance.random() for s in range(SEEDS) if s not in diverged}
        value = None if diverged else mean(metrics, "value")
        own = {"trial_row": number + 1, "step": step, "value": value, "metrics": metrics}
        reports.append({**own, "at": ended})
    last = reports[-1]["metrics"]
    complete = state == "complete"
    row = {
        "id": number + 1,
        "number": number,
        "variant": None,
        "causal": True,
        "state": state,
        "reason": None if complete else f"{state} in a benchmark",
        "value": reports[-1]["value"],
        "test": mean(last, "test") if complete else None,
        "step": reports[-1]["step"],
        "started": ended,
        "finished": ended,
        "seconds": 10.0,
    }
    replicates = [
        {
            "trial_row": number + 1,
            "seed": seed,
            "state": "diverged"
            if seed in diverged
            else "pruned"
            if state == "pruned"
            else "complete",
            "step": 10 if seed in diverged else row["step"],
            "value": last.get(f"value/{seed}"),
            "test": last.get(f"test/{seed}"),
        }
        for seed in range(SEEDS)
    ]
    return {"row": row, "replicates": replicates, "reports": reports}


def mean(metrics: dict[str, Any], name: str) -> float:
    """Over all seeds."""
    return statistics.fmean(metrics[f"{name}/{seed}"] for seed in range(SEEDS))


if __name__ == "__main__":
    main()
