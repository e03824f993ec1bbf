"""Where the wall clock of a sweep goes: ``python benchmarks/sweep_overhead.py [--out FILE]``.

The sweep runs in a new home by the documented command, on as many workers as this machine has CPUs.
The parts come from its ledger. Each is the time of all workers, divided by their number, so that
the parts add up to the wall clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from result import publish, read_command

from focus_core.tools.executed_code import ROOT
from sweeps.record.home import find_home
from sweeps.record.reading import reading
from sweeps.record.schema import Trial

WORKERS = os.cpu_count() or 1


def main() -> None:
    """Measure and publish."""
    args = read_command(__doc__, space="nfft_bins", settings="")
    began = datetime.now(UTC)
    clock = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="o-") as folder:
        words = ["--space", args.space, "--home", folder]
        words += ["--set", *args.settings.split()] if args.settings else []
        subprocess.run([sys.executable, "sweeps/launch.py", *words], cwd=ROOT, check=True)
        wall = time.monotonic() - clock
        with reading(find_home(folder)) as connection:
            columns = (Trial.started, Trial.finished, Trial.seconds)
            trials = connection.execute(sa.select(*columns)).all()
    ended = [(start, end, spent) for start, end, spent in trials if start and end]
    assert len(ended) == len(trials), "the sweep did not end"
    parts = parts_of(wall, began, ended)
    rows = [
        {"part": name, "seconds": f"{spent:.1f}", "of the wall clock": f"{spent / wall:.1%}"}
        for name, spent in parts.items()
    ]
    training = parts["training steps"]
    notes = [
        f"{len(trials)} trials of the space `{args.space}` on {WORKERS} workers, one thread each; "
        f"a trial trained for {training * WORKERS / len(trials):.1f} s",
        f"the wall clock is {wall / training:.2f} times the training on all workers",
    ]
    publish("Where the wall clock of a sweep goes", rows, notes, args.out)


def parts_of(
    wall: float, began: datetime, trials: Sequence[tuple[datetime, datetime, float]]
) -> dict[str, float]:
    """Seconds of each part, and of the whole.

    Args:
        wall: seconds of the whole command.
        began: when the command began.
        trials: when each trial began and ended, and the seconds of its training steps.
    """
    starts, ends, seconds = zip(*trials, strict=True)
    first = (min(starts) - began).total_seconds()
    after = wall - (max(ends) - began).total_seconds()
    in_trials = sum((end - start).total_seconds() for start, end, _ in trials) / WORKERS
    training = sum(seconds) / WORKERS
    return {
        "until the first trial begins": first,
        "training steps": training,
        "evaluations, probes and reports": in_trials - training,
        "workers without a trial, from the first begin to the last end": wall
        - first
        - after
        - in_trials,
        "from the last end of a trial to the end of the command": after,
        "wall clock": wall,
    }


if __name__ == "__main__":
    main()
