"""What a trial costs its driver: ``python benchmarks/driver_cost.py --trials 1000``.

A sweep of very short trials runs on a Ray cluster of two nodes on this machine. Of the launcher's
own process, CPU time and resident memory are read as trials end. The cost of a trial is the slope
between a tenth of the trials and all of them: the start is not in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from result import publish, read_command

from focus_core.tools.executed_code import ROOT
from sweeps.record.home import find_home
from sweeps.record.reading import reading
from sweeps.record.schema import TERMINAL, Trial

SETTINGS = ["model.width=8", "model.layers=1", "task.length=64", "train.batch_size=2"]
SETTINGS += ["train.steps=2", "train.eval_every=1", "train.warmup_steps=0"]
SETTINGS += ["task.eval_sequences=4", "task.test_sequences=4"]
SWEEP = ["--space", "focus", "--sampler", "random", "--seeds", "1", "--set", *SETTINGS]
LOOK_SECONDS, PATIENCE = 1.0, 3600.0
TICKS = os.sysconf("SC_CLK_TCK")


class Sample(NamedTuple):
    """The launcher's process at one moment."""

    trials: int
    """Trials that have ended."""
    cpu: float
    """CPU seconds of the process."""
    megabytes: float
    """Resident memory."""
    at: float


def main() -> None:
    """Measure and print."""
    from ray.cluster_utils import Cluster

    args = read_command(__doc__, trials=1000)
    os.environ["RAY_AUTH_MODE"] = "disabled"  # Ray would leave a token in the user's home
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    try:
        with tempfile.TemporaryDirectory(prefix="d-") as folder:
            samples = _watch(Path(folder), args.trials, cluster.address)
    finally:
        cluster.shutdown()
    first = next(sample for sample in samples if sample.trials >= args.trials / 10)
    last = next((sample for sample in samples if sample.trials == args.trials), samples[-1])
    rows = [_row(sample) for sample in (first, *_halfway(samples, args.trials), last)]
    trials = last.trials - first.trials
    notes = [
        f"a trial costs its driver {(last.cpu - first.cpu) / trials * 1e3:.1f} ms of CPU and "
        f"{(last.megabytes - first.megabytes) / trials * 1e3:.1f} kB, from trial {first.trials} on",
        f"{trials / (last.at - first.at) * 60:.0f} trials a minute on two nodes of one CPU each, "
        "two steps a trial",
    ]
    publish("What a trial costs its driver", rows, notes, args.out)


def _watch(home: Path, trials: int, address: str) -> list[Sample]:
    """Run the sweep; its launcher's samples until every trial has ended."""
    words = ["--trials", str(trials), "--address", address, "--home", str(home)]
    launcher = subprocess.Popen(
        [sys.executable, "sweeps/launch.py", *SWEEP, *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "RAY_worker_niceness": "0"},
    )
    samples: list[Sample] = []
    deadline = time.monotonic() + PATIENCE
    try:
        while launcher.poll() is None and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            ended = _ended(home)
            if launcher.poll() is None and ended is not None:
                samples.append(_sample(launcher.pid, ended))
                print(f"{ended} of {trials} trials", file=sys.stderr, flush=True)
    finally:
        launcher.terminate()
        launcher.wait()
    assert samples
    assert _ended(home) == trials, "the sweep did not end"
    return samples


def _ended(home: Path) -> int | None:
    if not (home / "ledger.db").is_file():
        return None
    wanted = sa.select(sa.func.count(Trial.id)).where(Trial.state.in_(TERMINAL))
    with reading(find_home(str(home))) as connection:
        return connection.scalar(wanted)


def _sample(pid: int, ended: int) -> Sample:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    cpu = (int(fields[11]) + int(fields[12])) / TICKS
    return Sample(ended, cpu, pages * os.sysconf("SC_PAGE_SIZE") / 1e6, time.monotonic())


def _halfway(samples: list[Sample], trials: int) -> list[Sample]:
    return [sample for sample in samples if sample.trials >= trials / 2][:1]


def _row(sample: Sample) -> dict[str, str]:
    return {
        "trials ended": f"{sample.trials:,}",
        "driver's CPU, s": f"{sample.cpu:.1f}",
        "driver's memory, MB": f"{sample.megabytes:.0f}",
    }


if __name__ == "__main__":
    main()
