"""One sweep whose processes are killed, and which is launched again until it is done."""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests import torture_processes as processes
from tests.torture_judge import NAME, ROOT, watch
from tests.torture_report import Tally

SETTINGS = [
    "model.width=16",
    "train.steps=400",
    "train.eval_every=20",
    "task.eval_sequences=64",
    "task.test_sequences=64",
]
SEEDS = 2
TARGETS = {"worker": 6, "driver": 3, "raylet": 1, "gcs": 1}
"""How often each is killed. A launch costs ten seconds, a worker three: workers are killed more."""
WORKERS_A_LAUNCH = 3
"""The launcher gives a trial up that has lost more workers than that."""
WHILE_STARTING, LATER, BETWEEN = (0.0, 1.0), (1.0, 1.5), (0.0, 0.7)
"""From the launch to its first kill, and from one kill to the next; 1 is what an undisturbed
launch takes to its first report, so that a busy machine sees the same moments as an idle one."""
STUCK_SECONDS = 240.0
"""Without anything new in the ledger: also a busy machine starts Ray and torch within this."""
RAY_DEATH_SECONDS = 90.0
"""For a launcher to notice that Ray has died, and to end."""
NOT_OURS = ("FOCUS_", "MLFLOW_", "RAY_")


@dataclass(frozen=True)
class Kind:
    """A sweep to torture."""

    title: str
    words: list[str]
    at_once: int
    exact: bool
    """Two runs of it have the same trials: it depends on nothing but the ledger."""

    def __str__(self) -> str:
        return f"{self.title}, {self.at_once} at once"

    def undisturbed(self) -> Kind:
        """What it is compared with."""
        return self if self.exact else dataclasses.replace(self, at_once=1)

    def command(self, home: Path) -> list[str]:
        options = ["--name", NAME, "--seeds", str(SEEDS), "--max-concurrent", str(self.at_once)]
        place = ["--home", str(home)]
        return [*self.words, *options, *place, "--set", *SETTINGS]


class Launcher:
    """A launcher that was started; what it says is in ``log``."""

    def __init__(self, kind: Kind, home: Path, number: int) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.log = home / f"launch-{number}.log"
        self.began = time.monotonic()
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "sweeps/launch.py", *kind.command(home)],
                cwd=ROOT,
                env=environment(home.parent),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self.pid = self._process.pid

    @property
    def age(self) -> float:
        return time.monotonic() - self.began

    def wait(self, seconds: float) -> int | None:
        """Its exit code; None when it still runs after ``seconds``."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def said_last(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "nothing"


def environment(folder: Path) -> dict[str, str]:
    """Of a launcher: nothing of whoever runs this, everything temporary below ``folder``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(NOT_OURS)}
    temporary = {"TMPDIR": str(folder / "tmp"), "RAY_TMPDIR": str(folder / "ray")}
    for place in temporary.values():
        Path(place).mkdir(exist_ok=True)
    settings = {"FOCUS_CHECKPOINT_SECONDS": "0.5", "OMP_NUM_THREADS": "1"}
    settings["RAY_worker_niceness"] = "0"  # polite ones hardly run beside another test
    return {**kept, **temporary, **settings}


class Tormented:
    """A sweep, launched until it is done, while ``tally`` counts fewer than ``most`` kills."""

    def __init__(
        self,
        kind: Kind,
        home: Path,
        rng: random.Random,
        tally: Tally,
        *,
        most: int,
        pace: float = 10.0,
    ) -> None:
        self.kind = kind
        self.pace = pace
        self.home = home
        self.rng = rng
        self.tally = tally
        self.most = most
        self.done = False
        self.first_report = 0.0
        """Seconds from the start of a launch that nobody disturbed."""
        self.launches = 0
        self._given_up = False
        self._seen: dict[str, str] = {}
        self._left: set[int] = set()

    def run(self) -> dict[str, str]:
        """Returns when each trial ended, of those that were seen to have ended."""
        while not self.done and not self._given_up:
            self._sweep_up()
            launcher = Launcher(self.kind, self.home, self.launches)
            self.launches += 1
            self.tally.launches += 1
            code = self._torment(launcher)
            self.done = code == 0
            if code not in (0, None):
                self._give_up(f"a launch ended with exit code {code}: {launcher.said_last()}")
            self._look()
        processes.wait_until_gone(RAY_DEATH_SECONDS)
        return self._seen

    def _torment(self, launcher: Launcher) -> int | None:
        """The exit code where it says something: None after a kill that ends a launch."""
        workers = 0
        after = self.rng.choice((WHILE_STARTING, LATER))
        while self.tally.count < self.most:
            code = launcher.wait(self.pace * self.rng.uniform(*after))
            if code is not None:
                return code
            target = self._choose(without_workers=workers == WORKERS_A_LAUNCH)
            target = self._kill(launcher, target)
            if target == "worker":
                workers += 1
                after = BETWEEN
            elif target == "driver":
                launcher.wait(RAY_DEATH_SECONDS)
                return None
            else:
                return self._ray_died(launcher, target)
        return self._undisturbed(launcher)

    def _undisturbed(self, launcher: Launcher) -> int | None:
        """No more kills: it must come to its end."""
        seen, changed = "", time.monotonic()
        while (code := launcher.wait(1.0)) is None:
            now = self._look()
            if now != seen:
                seen, changed = now, time.monotonic()
                self.first_report = self.first_report or launcher.age * ("running at" in now)
            elif time.monotonic() - changed > STUCK_SECONDS:
                processes.kill(launcher.pid)
                self._give_up(f"nothing new for {STUCK_SECONDS:g} s: {seen}")
                return None
        return code

    def _choose(self, *, without_workers: bool) -> str:
        targets = {k: n for k, n in TARGETS.items() if not (without_workers and k == "worker")}
        return self.rng.choices(list(targets), list(targets.values()))[0]

    def _kill(self, launcher: Launcher, target: str) -> str:
        """Kill one; returns which: the driver where there is no other of that kind yet."""
        of_kind = [p.pid for p in processes.below(launcher.pid) if p.kind == target]
        if target == "driver" or not of_kind:
            target, of_kind = "driver", [launcher.pid]
        seen = self._look()
        pid = self.rng.choice(sorted(of_kind))
        if processes.kill(pid):
            count = self.tally.killed(target)
            where = f"sweep {self.tally.sweeps} ({self.kind}), launch {self.launches}"
            print(f"{count:4} {target:<7}{launcher.age:6.1f} s  {where}: {seen}", flush=True)
        return target

    def _ray_died(self, launcher: Launcher, target: str) -> int | None:
        """Without Ray a launcher must end by itself; its sweep may just have been done."""
        code = launcher.wait(RAY_DEATH_SECONDS)
        if code is None:
            self.tally.blame(f"the {target} was killed: still there {RAY_DEATH_SECONDS:g} s later")
            processes.kill(launcher.pid)
            launcher.wait(RAY_DEATH_SECONDS)
        return 0 if code == 0 else None

    def _look(self) -> str:
        seen = watch(self.home)
        for trial_id, when in seen.finished().items():
            self._seen.setdefault(trial_id, when)
        return str(seen)

    def _give_up(self, why: str) -> None:
        self._given_up = True
        self.tally.blame(f"sweep {self.tally.sweeps} ({self.kind}): {why}")

    def _sweep_up(self) -> None:
        """Kill what a launch before the last one left, lest the machine fills up."""
        processes.reap(None)
        left = {p.pid for p in processes.orphans(None)}
        for pid in left & self._left:
            self.tally.lingering += processes.kill(pid)
        self._left = left
