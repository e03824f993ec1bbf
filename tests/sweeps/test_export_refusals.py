"""What cannot be exported is told in one line, and leaves nothing behind."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.sweeps.exported_home import ask, change, trials


def no_checkpoints(trained_copy: Path) -> None:
    shutil.rmtree(trained_copy / "checkpoints")


def unfinished(trained_copy: Path) -> None:
    change(trained_copy, "UPDATE trials SET state = 'pruned'")


def diverged(trained_copy: Path) -> None:
    change(trained_copy, "UPDATE replicates SET value = NULL")


def damaged(trained_copy: Path) -> None:
    for path in (trained_copy / "checkpoints").rglob("seeds-*.pt"):
        path.write_bytes(path.read_bytes()[:-7])


def filled(trained_copy: Path) -> None:
    (trained_copy.parent / "out").mkdir()
    (trained_copy.parent / "out" / "mine").touch()


def linked(trained_copy: Path) -> None:
    (trained_copy.parent / "out").symlink_to(trained_copy)


def nothing(trained_copy: Path) -> None:
    pass


def files(folder: Path) -> list[Path]:
    """All, but for those that SQLite keeps beside a database while it is read."""
    return sorted(p for p in folder.rglob("*") if not p.name.endswith(("-shm", "-wal")))


REFUSED = [
    (nothing, ["0123456789ab", "OUT"], "no trial '0123456789ab'"),
    (nothing, ["%", "OUT"], "no trial '%'"),
    (nothing, ["--best", "other", "OUT"], "no sweep 'other' in the ledger: it has text"),
    (nothing, ["OUT"], "name a trial and a folder, or --best SWEEP and a folder"),
    (nothing, ["--best", "text", "TRIAL", "OUT"], "name a trial and a folder, or --best"),
    (nothing, ["TRIAL", "OUT", "--seed", "7"], "has no seed 7: it has 0, 1"),
    (nothing, ["TRIAL", "OUT", "--seed", "x"], "--seed: 'x' is no seed"),
    (nothing, ["TRIAL", "OUT/deep/er"], "must be in a folder that is there"),
    (nothing, ["TRIAL", "HOME/ledger.db/out"], "must be in a folder that is there"),
    (nothing, ["TRIAL", "HOME/ledger.db"], "is there already: name a new folder"),
    (nothing, ["TRIAL", "a\nb"], "must be printable, without control characters"),
    (filled, ["TRIAL", "OUT"], "is there already: name a new folder"),
    (linked, ["TRIAL", "OUT"], "is there already: name a new folder"),
    (no_checkpoints, ["TRIAL", "OUT"], "has no checkpoint with seed"),
    (unfinished, ["TRIAL", "OUT"], "is pruned, not complete"),
    (unfinished, ["--best", "text", "OUT"], "has no complete trial that may be called best"),
    (diverged, ["TRIAL", "OUT"], "has a finite validation score: it diverged"),
    (damaged, ["TRIAL", "OUT"], "train the trial again with --rerun"),
]


@pytest.mark.parametrize(("spoil", "words", "said"), REFUSED)
def test_a_wrong_question_is_told_in_a_line_and_leaves_nothing(
    trained_copy: Path, capsys: pytest.CaptureFixture[str], spoil: Any, words: list[str], said: str
) -> None:
    names = {
        "TRIAL": trials(trained_copy)[0].trial_id,
        "OUT": str(trained_copy.parent / "out"),
        "HOME": str(trained_copy),
    }
    spoil(trained_copy)
    before = files(trained_copy.parent)
    for name, value in names.items():
        words = [word.replace(name, value) for word in words]
    capsys.readouterr()
    code = ask(trained_copy, *words)
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")
    assert said in shown.err
    assert len(shown.err.splitlines()) == 1
    assert files(trained_copy.parent) == before
