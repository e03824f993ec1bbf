"""Kill what runs a sweep, again and again, and see that nothing is lost: ``make torture``.

Real sweeps, started as a user starts them. At random moments a random one of the driver, a trial's
worker, Ray's raylet or its GCS is killed (SIGKILL), and the same command is started again until
the sweep is done; then its audit must find nothing, and every number of every trial must be that
of an undisturbed run, bit for bit. The seed decides what is killed and after how long; how far the
sweep has come by then is the machine's affair. Linux only.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from tests import torture_processes as processes
from tests.torture_judge import Record, judge
from tests.torture_report import Tally, summarise
from tests.torture_sweep import Kind, Tormented

KINDS = (
    Kind("grid", ["--space", "nfft_bins"], at_once=2, exact=True),
    Kind("tpe+pruning", ["--space", "focus", "--trials", "14"], at_once=1, exact=True),
    Kind("tpe+pruning", ["--space", "focus", "--trials", "14"], at_once=2, exact=False),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, help="default: a random one, which is printed")
    parser.add_argument("--out", type=Path, help="write the summary there, in Markdown")
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if args.seed is None else args.seed
    command = f"python -m tests.torture --kills {args.kills} --seed {seed}"
    print(command, flush=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    processes.adopt_orphans()
    # A short name: the path of a socket below it has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    tally = Tally()
    try:
        torture(args.kills, random.Random(seed), folder, tally)
    finally:
        processes.wait_until_gone(0)
        if tally.violations:
            print(f"what is left of the sweeps that went wrong: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    summary = summarise(command, tally)
    print(f"\n{summary}")
    if args.out is not None:
        args.out.write_text(summary + "\n")
    return 1 if tally.violations else 0


def _interrupt(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def torture(most: int, rng: random.Random, folder: Path, tally: Tally) -> None:
    """One sweep after another until ``most`` kills were made."""
    references: dict[str, tuple[Record, float]] = {}
    first = rng.randrange(len(KINDS))
    while tally.count < most:
        kind = KINDS[(first + tally.sweeps) % len(KINDS)]
        plain = kind.undisturbed()
        if str(plain) not in references:
            references[str(plain)] = undisturbed(plain, folder / f"r{len(references)}", tally)
            if tally.violations:
                return  # nothing to compare with
        home = folder / str(tally.sweeps)
        reference, pace = references[str(plain)]
        sweep = Tormented(kind, home, rng, tally, most=most, pace=pace)
        seen = sweep.run()
        number = tally.add(Record.of(home) if sweep.done else Record([], {}))
        if not sweep.done:
            continue  # it has been said why
        found = judge(home, seen=seen, reference=reference, exact=kind.exact)
        verdict = "something is wrong" if found else "nothing is wrong"
        print(f"sweep {number} ({kind}) is done: {verdict}", flush=True)
        tally.blame(*found)
        if not tally.violations:
            shutil.rmtree(home)


def undisturbed(kind: Kind, home: Path, tally: Tally) -> tuple[Record, float]:
    """The same sweep while nothing dies, and the seconds to its first report."""
    print(f"first the same without kills ({kind})", flush=True)
    sweep = Tormented(kind, home, random.Random(0), tally, most=0)
    sweep.run()
    if sweep.done:
        tally.blame(*judge(home, seen={}, reference=None, exact=False))
    return (Record.of(home) if sweep.done else Record([], {})), sweep.first_report


if __name__ == "__main__":
    sys.exit(main())
