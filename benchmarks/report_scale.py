"""Seconds and memory of a report: ``python benchmarks/report_scale.py [--out FILE]``.

The ledgers are generated in a temporary home (``synthetic_ledger``). The report runs as a user
starts it, ``python analysis/report.py``, in a process of its own, which ends it where it takes
longer than ``--limit`` seconds. ``--largest 0`` leaves out the largest sweep.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from result import publish, read_command
from synthetic_ledger import NAME, REPORTS, SEEDS, write_sweep

from sweeps.provenance import ROOT

SMALL, LARGE, LIMIT = 1_000, 10_000, 600
MEGA = 1e6


def main() -> None:
    """Generate, report, print."""
    args = read_command(__doc__, smallest=SMALL, largest=LARGE, limit=LIMIT)
    rows = [measure(trials, args.limit) for trials in (args.smallest, args.largest) if trials]
    notes = [
        f"a random sweep of the space {NAME} with {SEEDS} seeds and up to {REPORTS} reports a "
        "trial; of 50 trials 5 were pruned half-way and one has a seed that diverged",
        "wall time, CPU time and peak resident memory of `python analysis/report.py`, a process "
        "of its own; the page is index.html, the folder has every file of the report",
        "what must hold: 1,000 trials within 30 s and 600 MB, 10,000 within 120 s and 2 GB with a "
        "page below 3 MB",
    ]
    publish("Seconds and memory of a report", rows, notes, args.out)


def measure(trials: int, limit: int) -> dict[str, Any]:
    """One row of the table."""
    with tempfile.TemporaryDirectory(prefix="focus-scale-") as folder:
        home = Path(folder)
        counts = write_sweep(home, trials)
        size = (home / "ledger.db").stat().st_size
        figures = report(home, limit)
        made = home / "reports" / NAME
        files = [path.stat().st_size for path in made.rglob("*") if path.is_file()]
        page = made / "index.html"
        return {
            **{name: f"{count:,}" for name, count in counts.items()},
            "ledger, MB": f"{size / MEGA:.0f}",
            **figures,
            "page, MB": f"{page.stat().st_size / MEGA:.2f}" if page.exists() else "none",
            "folder, MB": f"{sum(files) / MEGA:.1f}",
        }


def report(home: Path, limit: int) -> dict[str, str]:
    """What one report took.

    Raises:
        SystemExit: it ended with an error, or said something on stderr.
    """
    command = [sys.executable, str(ROOT / "analysis/report.py"), "--home", str(home)]
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
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
    if (process.returncode or said) and not too_long:
        raise SystemExit(f"the report ended with {process.returncode}: {said[-2000:]}")
    return {
        "wall, s": f"above {limit}" if too_long else f"{took:.1f}",
        "CPU, s": f"{spent.ru_utime + spent.ru_stime:.1f}",
        "peak memory, MB": f"{spent.ru_maxrss * 1024 / MEGA:.0f}",
    }


if __name__ == "__main__":
    main()
