"""Milliseconds a write of the ledger: ``python benchmarks/ledger.py [--out FILE]``.

What a trial's report costs (``Ledger.record``: report, replicates and trial in one transaction; and
``Driver.report``: the same with study and pruner) with so many trials in the ledger already, on
SQLite in WAL mode, with the lease held as by a launcher, beside a bare insert into a table of one
column on the same disk. Rounds go through all of them in turn.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from result import publish, read_command
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from search_spaces import load
from sweeps.driving.driver import Driver
from sweeps.driving.study import Study
from sweeps.record.lease import hold
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Report, Sweep, Trial

TRIALS = (1, 100, 10_000)
WRITES, SEEDS = 500, 3


def main() -> None:
    """Measure and print."""
    args = read_command(__doc__, writes=WRITES)
    rows = []
    for trials in TRIALS:
        with tempfile.TemporaryDirectory() as folder:
            for name, times in measure(Path(folder), trials, args.writes).items():
                rows.append({"write": name, "trials in the ledger": trials, **figures(times)})
    notes = [
        f"{args.writes} writes of each kind by turns; {SEEDS} seeds a trial, 5 reports a trial",
        "one transaction each, fenced by the lease; WAL, synchronous=NORMAL: a commit outlives "
        "kill -9 of the process, and is made durable against a power cut at the next checkpoint",
    ]
    publish("Milliseconds a write of the ledger", rows, notes, args.out)


def figures(times: list[float]) -> dict[str, str]:
    """Milliseconds."""
    return {
        "median": f"{statistics.median(times):.3f}",
        "99 %": f"{statistics.quantiles(times, n=100)[-1]:.3f}",
    }


def measure(folder: Path, trials: int, writes: int) -> dict[str, list[float]]:
    """The times of each kind of write, in milliseconds."""
    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    sweep, trial = fill(ledger, trials)
    space = load("nfft_bins")
    study = Study(space, sampler="grid", seed=0, direction="maximize", warmup=None)
    driver = Driver(ledger, sweep, study, lambda point: space.configure(point, space.base()))
    driver.trials[trial.trial_id] = ledger.open_replicates(trial, range(SEEDS))
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    writes_by: dict[str, Callable[[int], object]] = {
        "bare insert": lambda at: bare.execute("INSERT INTO numbers VALUES (?)", (at,)),
        "ledger.record": lambda at: ledger.record(trial, said(at), range(SEEDS)),
        "driver.report": lambda at: driver.report(trial.trial_id, said(at + 1)),
    }
    times: dict[str, list[float]] = {name: [] for name in writes_by}
    with closing(bare), hold(ledger, sweep):
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=NORMAL")
        bare.execute("CREATE TABLE numbers (number INTEGER)")
        for step in range(1, 2 * writes, 2):
            for name, write in writes_by.items():
                times[name].append(milliseconds(write, step))
    with Session(ledger.engine) as session:
        mine = select(func.count()).select_from(Report).where(Report.trial_row == trial.id)
        assert session.scalar(mine) == 2 * writes
    ledger.close()
    return times


def milliseconds(write: Callable[[int], object], step: int) -> float:
    """How long one write takes."""
    started = time.perf_counter()
    write(step)
    return 1000 * (time.perf_counter() - started)


def said(step: int) -> dict[str, float]:
    """A report as a worker sends it."""
    seeds = {f"{name}/{seed}": 0.5 for name in ("value", "loss") for seed in range(SEEDS)}
    probes = ("leak", "pole_radius_max", "window_ceiling", "gradient_norm")
    return {"step": float(step), "seconds": 0.1, **seeds, **dict.fromkeys(probes, 0.1)}


def fill(ledger: Ledger, trials: int) -> tuple[Sweep, Trial]:
    """A sweep with so many trials of five reports each; the last one is the one to be written."""
    space = load("nfft_bins")
    sweep = ledger.add_sweep(
        Sweep(
            name="bench",
            space=space.name,
            question=space.question,
            metric="accuracy",
            direction="maximize",
            sampler="grid",
            sampler_seed=0,
            seeds=SEEDS,
            planned=trials,
            base=space.base().canonical(),
            axes=space.describe_axes(),
            command="python benchmarks/ledger.py",
            given={"set": {}},
        )
    )
    point = space.grid()[0]
    config = space.configure(point, space.base()).canonical()
    row = {"sweep_id": sweep.id, "point": point, "config": config, "causal": True, "steps": 10**6}
    rows = [
        {**row, "number": n, "trial_id": f"{n:012x}", "state": "complete"} for n in range(trials)
    ]
    rows[-1]["state"] = "running"
    with ledger.writing() as session:
        session.execute(insert(Trial), rows)
        ids = session.scalars(select(Trial.id)).all()
        metrics = said(1)
        reports = [
            {"trial_row": i, "step": step, "value": 0.5, "metrics": metrics}
            for i in ids[:-1]
            for step in range(1, 6)
        ]
        if reports:
            session.execute(insert(Report), reports)
    return sweep, ledger.trials(sweep)[-1]


if __name__ == "__main__":
    main()
