"""Seconds and memory of a report: ``python benchmarks/report_scale.py [--out FILE]``.

The ledgers are generated in a temporary home (``synthetic_ledger``); ``--home DIR`` adds the latest
sweep of a home that there is, from a copy. The report runs as a user starts it, ``python
analysis/report.py``, in a process of its own, which is ended where it takes longer than ``--limit``
seconds. ``--before DIR`` names a checkout of another commit, whose report is measured beside it.
``--smallest 0`` and ``--largest 0`` leave out a random sweep.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from result import publish, read_command
from synthetic_ledger import ARMS, NAME, REPORTS, SEEDS, arms, write_sweep

from focus_core.tools.executed_code import ROOT

SMALL, LARGE, LIMIT = 1_000, 10_000, 600
MEGA = 1e6


def main() -> None:
    """Generate, report, print."""
    sizes = {"smallest": SMALL, "largest": LARGE, "limit": LIMIT}
    args = read_command(__doc__, **sizes, before="", home="")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="focus-scale-") as folder:
        for sweep, home in homes(Path(folder), args):
            rows += measured(sweep, home, args)
            shutil.rmtree(home)
    notes = [
        f"random: the space {NAME} with {SEEDS} seeds and up to {REPORTS} reports a trial; of 50 "
        "trials 5 were pruned half-way and one has a seed that diverged",
        f"arms: every combination of three axes, {ARMS} with 5 seeds, the same fates",
        "a copy: of a ledger that real trials left",
        "wall time, CPU time (user and system) and peak resident memory of `python "
        "analysis/report.py`, a process of its own; the page is index.html, the folder has every "
        "file of the report; before / now: of the CPU times",
        "what must hold: the default sweep within 8 s, 1,000 trials within 30 s and 600 MB, 10,000 "
        "within 120 s and 2 GB with a page below 3 MB",
    ]
    publish("Seconds and memory of a report", rows, notes, args.out)


def homes(folder: Path, args: Any) -> Iterator[tuple[str, Path]]:
    """What the ledger of each home holds, and the home."""
    if args.home:
        yield "a copy", Path(shutil.copytree(args.home, folder / "copy"))
    home = folder / "arms"
    home.mkdir()
    write_sweep(home, ARMS, arms())
    yield "arms", home
    for trials in (args.smallest, args.largest):
        if trials:
            home = folder / str(trials)
            home.mkdir()
            write_sweep(home, trials)
            yield f"random, {trials:,} trials", home


def measured(sweep: str, home: Path, args: Any) -> Iterator[dict[str, Any]]:
    """The rows of a ledger: of the report before, where it is measured, and of this one."""
    before = report(home, Path(args.before).resolve(), args.limit) if args.before else None
    if before is not None:
        yield {"sweep": sweep, "report": "before", **before, "before / now": ""}
    now = report(home, ROOT, args.limit)
    ratio = ""
    if before is not None and float(now["CPU, s"]):
        ratio = f"{float(before['CPU, s']) / float(now['CPU, s']):.1f}"
        ratio = f"above {ratio}" if before["wall, s"].startswith("above") else ratio
    yield {"sweep": sweep, "report": "now", **now, "before / now": ratio}


def report(home: Path, tree: Path, limit: int) -> dict[str, str]:
    """What one report took, and how much it wrote; it is deleted again.

    Args:
        home: of the ledger.
        tree: the checkout whose report is made.
        limit: wall seconds.

    Raises:
        SystemExit: it ended with an error, or said something on stderr.
    """
    made = home / "reports"
    shutil.rmtree(made, ignore_errors=True)
    command = [sys.executable, str(tree / "analysis/report.py"), "--home", str(home)]
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=tree,
            env=os.environ | {"PYTHONPATH": str(tree)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        timer = threading.Timer(limit, process.kill)
        timer.start()
        _, status, spent = os.wait4(process.pid, 0)
        timer.cancel()
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    too_long = took >= limit
    if (process.returncode or said) and not too_long and tree == ROOT:
        raise SystemExit(f"the report ended with {process.returncode}: {said[-2000:]}")
    files = [path for path in made.rglob("*") if path.is_file()]
    pages = [path.stat().st_size for path in files if path.name == "index.html"]
    return {
        "wall, s": f"above {limit}" if too_long else f"{took:.1f}",
        "CPU, s": f"{spent.ru_utime + spent.ru_stime:.1f}",
        "peak memory, MB": f"{spent.ru_maxrss * 1024 / MEGA:.0f}",
        "page, MB": f"{max(pages) / MEGA:.2f}" if pages else "none",
        "folder, MB": f"{sum(path.stat().st_size for path in files) / MEGA:.1f}",
    }


if __name__ == "__main__":
    main()
