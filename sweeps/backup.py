"""Copy a home, also while sweeps run in it: ``python -m sweeps.backup FOLDER [--home DIR]``.

The copy is itself a home: a launch with ``--home FOLDER`` continues from it. The copy holds the
ledger and the checkpoints. The next launch rebuilds MLflow's runs from the ledger, and
``report.py`` rebuilds the reports. Checkpoints are copied before the ledger: a checkpoint that is
older than the ledger costs the work since then, but a checkpoint that is newer would be refused.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from focus_core.errors import UserError
from sweeps.commands.command_line import CommandLine, answer, counted, filled, tell
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.record.home import find_home, ledger_file, private_files
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Lease, Sweep

NAME = "sweeps.backup"
RUNNING = "it ran when the home was copied"


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine("python -m sweeps.backup", "Copy a home, also while sweeps run in it.")
    add = parser.add_argument
    add("folder", metavar="FOLDER", type=filled, help="the copy; there must be nothing yet")
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _backup(words))


def _backup(argv: list[str]) -> int:
    args = build_parser().read(argv)
    home, folder = find_home(args.home), Path(args.folder).expanduser().absolute()
    ledger = ledger_file(home)
    if ledger is None:
        raise UserError(
            "FOCUS_LEDGER_URL names a server: copy its database with the server's own program "
            f"(pg_dump), and the folder {home.folder / 'checkpoints'} before"
        )
    if not ledger.is_file():
        raise UserError(f"no ledger at {ledger}: name a home with --home")
    if os.path.lexists(folder) or not folder.parent.is_dir():
        raise UserError(f"{folder} must be a new folder in one that is there")
    trials = copy_home(home.folder, ledger, folder)
    tell(f"{folder}: the ledger and its {counted(trials, 'trial')}")
    if home.states is not None:
        tell(f"its checkpoints stay where they are, in {home.states}")
    return 0


def copy_home(home: Path, ledger: Path, folder: Path) -> int:
    """Make ``folder`` a complete copy of ``home``, or none; returns how many trials it has."""
    fresh = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.new")
    with private_files():
        try:
            fresh.mkdir()
            states = home / "checkpoints"
            _copy_states(states, fresh / "checkpoints", states.glob("*/*"))
            _copy_ledger(ledger, fresh / "ledger.db")
            trials, complete = _close_trials(fresh / "ledger.db")
            # A trial may have completed after its checkpoint was copied, and the copied ledger
            # says so: the checkpoints of complete trials are copied again.
            ends = (states / sweep / trial for sweep, trial in complete)
            _copy_states(states, fresh / "checkpoints", ends)
            fresh.rename(folder)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    return trials


def _copy_states(states: Path, to: Path, trials: Iterable[Path]) -> None:
    """Copy every checkpoint of ``trials``. Workers replace whole files: each copy is complete."""
    for trial in trials:
        target = to / trial.relative_to(states)
        for path in trial.glob("seeds-*.pt"):
            try:
                if path.is_file():
                    target.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(path, target / path.name)
            except FileNotFoundError:  # its trial started over meanwhile
                continue


def _copy_ledger(ledger: Path, to: Path) -> None:
    """Copy the ledger as it is at one moment, with what SQLite holds in ``ledger.db-wal``."""
    with (
        closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True, timeout=60)) as source,
        closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)
        ((said,),) = target.execute("PRAGMA quick_check(1)").fetchall()
    if said != "ok":
        raise UserError(f"{ledger} is damaged ({said}): use an older copy of it")


def _close_trials(database: Path) -> tuple[int, list[tuple[str, str]]]:
    """Remove the leases and mark running trials as killed: nobody drives the copy.

    Returns:
        the number of trials, and the sweep's name and the trial's id of every complete trial.
    """
    ledger = Ledger(sqlite_url(database))
    try:
        with ledger.writing() as session:
            session.execute(sa.delete(Lease))
            sweeps = session.scalars(sa.select(Sweep)).all()
        trials = [(sweep.name, trial) for sweep in sweeps for trial in ledger.trials(sweep)]
        for _, trial in trials:
            if trial.state == "running":
                ledger.set_state(trial, "killed", reason=RUNNING)
    finally:
        ledger.close()
    return len(trials), [(name, t.trial_id) for name, t in trials if t.state == "complete"]


if __name__ == "__main__":
    sys.exit(main())
