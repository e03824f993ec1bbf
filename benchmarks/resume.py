"""Seconds from a relaunch to the first resumed training step: ``python benchmarks/resume.py``.

A sweep is started through the launcher, its launcher killed with kill -9 in the middle of a trial,
and the same command given again, ``ROUNDS`` times. The time is that until the ledger has the first
report of the second launch; the report ends ``EVERY`` training steps, whose own time is in it. The
last line is JSON.
"""

from __future__ import annotations

import json
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

from sweeps.provenance import ROOT, commit, hardware, versions

ROUNDS, EVERY, PATIENCE = 3, 5, 120.0
SWEEP = ["--space", "nfft_bins", "--trials", "2", "--seeds", "1", "--set", "train.steps=100000"]
SWEEP += [f"train.eval_every={EVERY}", "task.eval_sequences=32", "task.test_sequences=32"]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        process, _ = launch(home)
        times = []
        try:
            for _ in range(ROUNDS):
                kill(process)
                process, seconds = launch(home)
                times.append(round(seconds, 2))
        finally:
            stop(process)
    print(f"from relaunch to the first resumed report: {times} s")
    told = {k: v for k, v in commit().items() if k != "diff"}
    figures = {"median_s": statistics.median(times), "worst_s": max(times), "all_s": times}
    print(json.dumps({**told, "hardware": hardware(), "versions": versions(), "figures": figures}))


def launch(home: Path) -> tuple[subprocess.Popen[bytes], float]:
    """Start the sweep; how long until it has reported."""
    before = reports(home)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "sweeps/launch.py", *SWEEP, "--home", str(home)],
        cwd=ROOT,
        env=os.environ | {"FOCUS_MIN_FREE_MB": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while reports(home) <= before:
        if process.poll() is not None or time.perf_counter() - started > PATIENCE:
            stop(process)
            raise SystemExit("benchmarks/resume.py: the sweep reported nothing: run it by hand")
        time.sleep(0.02)
    return process, time.perf_counter() - started


def reports(home: Path) -> int:
    """The latest moment at which the ledger was told of a step, as a number that grows."""
    path = home / "ledger.db"
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT coalesce(max(id), 0) FROM reports").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def kill(process: subprocess.Popen[bytes]) -> None:
    """As the power fails: the launcher at once, its workers follow by themselves."""
    time.sleep(2)  # past a checkpoint
    process.kill()
    process.wait()
    time.sleep(3)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a launcher as a user does."""
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=PATIENCE)


if __name__ == "__main__":
    main()
