"""Seconds from a relaunch to the first resumed training step: ``python benchmarks/resume.py``.

A sweep is started through the launcher, its launcher killed with kill -9 in the middle of a trial,
and the same command given again, ``--rounds`` times. The time is that until the ledger has the
first report of the new launch; a report ends ``EVERY`` training steps and an evaluation, whose own
time is in it.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from result import publish, read_command

from focus_core.tools.executed_code import ROOT

EVERY, PATIENCE = 5, 120.0
SWEEP = ["--space", "nfft_bins", "--trials", "2", "--seeds", "1", "--set", "train.steps=100000"]
SWEEP += [f"train.eval_every={EVERY}", "task.eval_sequences=32", "task.test_sequences=32"]


def main() -> None:
    """Measure and print."""
    args = read_command(__doc__, rounds=5)
    with tempfile.TemporaryDirectory(prefix="r-") as folder:
        home = Path(folder)
        process, first = launch(home)
        times = []
        try:
            for number in range(args.rounds):
                kill(process)
                process, seconds = launch(home)
                times.append(seconds)
                print(f"round {number + 1}: {seconds:.1f} s", file=sys.stderr, flush=True)
        finally:
            stop(process)
    rows = [
        {"launch": "in an empty home", "median, s": f"{first:.1f}", "worst, s": f"{first:.1f}"},
        {
            "launch": "again after kill -9",
            "median, s": f"{statistics.median(times):.1f}",
            "worst, s": f"{max(times):.1f}",
        },
    ]
    notes = [
        f"from the command to the first report in the ledger: {EVERY} training steps and an "
        "evaluation are in it",
        f"{args.rounds} kills; two trials at a time, resumed from their checkpoints",
    ]
    publish("Seconds from a relaunch to the first resumed report", rows, notes, args.out)


def launch(home: Path) -> tuple[subprocess.Popen[bytes], float]:
    """Start the sweep; how long until it has reported."""
    before = reports(home)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "sweeps/launch.py", *SWEEP, "--home", str(home)],
        cwd=ROOT,
        env=os.environ | {"FOCUS_MIN_FREE_MB": "0", "FOCUS_CHECKPOINT_SECONDS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while reports(home) <= before:
        if process.poll() is not None or time.perf_counter() - started > PATIENCE:
            process.kill()
            said = process.communicate()[1].decode(errors="replace").strip()
            raise SystemExit(f"benchmarks/resume.py: the sweep reported nothing: {said}")
        time.sleep(0.02)
    return process, time.perf_counter() - started


def reports(home: Path) -> int:
    """How many times the ledger was told of a step."""
    path = home / "ledger.db"
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM reports").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def kill(process: subprocess.Popen[bytes]) -> None:
    """As the power fails: the launcher at once, its workers follow by themselves."""
    time.sleep(3)  # past a checkpoint
    process.kill()
    process.communicate()
    time.sleep(3)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a launcher as a user does."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)


if __name__ == "__main__":
    main()
