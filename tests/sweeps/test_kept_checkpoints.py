"""FOCUS_KEEP says which checkpoints stay when a sweep has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps import audit, launch
from sweeps.evidence.winner import reference, winner
from sweeps.record.home import find_home
from sweeps.record.reader import read_sweeps
from sweeps.record.reading import reading
from tests.sweeps.local_launches import TINY, changed

Patch = pytest.MonkeyPatch
FOUR = changed(TINY, {"--trials": "4"})


def folders(home: Path) -> set[str]:
    return {path.name for path in (home / "checkpoints" / "nfft_bins").iterdir() if path.is_dir()}


def test_the_winners_and_the_references_stay(
    tmp_path: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Negative control: without the setting every one stays. Then the same command removes."""
    words = ["--home", str(tmp_path)]
    assert launch.main([*FOUR, *words]) == 0
    assert len(folders(tmp_path)) == 4
    monkeypatch.setenv("FOCUS_KEEP", "best")
    assert launch.main([*FOUR, *words]) == 0
    with reading(find_home(str(tmp_path))) as connection:
        (rows,) = read_sweeps(connection, None)
    best, against = winner(rows), reference(rows)
    assert best is not None
    assert against is not None
    assert folders(tmp_path) == {best.trial_id, against.trial_id}
    capsys.readouterr()
    assert audit.main(words) == 0
    missing = 4 - len(folders(tmp_path))
    assert f"nfft_bins: {missing} complete trial" in capsys.readouterr().out


def test_a_sweep_that_has_not_ended_keeps_all(tmp_path: Path, monkeypatch: Patch) -> None:
    words = ["--home", str(tmp_path)]
    assert launch.main([*TINY, *words]) == 0
    before = folders(tmp_path)
    monkeypatch.setenv("FOCUS_KEEP", "best")
    launch.main([*changed(TINY, {"--trials": "6"}), *words, "--time-budget", "0.01s"])
    with reading(find_home(str(tmp_path))) as connection:
        (rows,) = read_sweeps(connection, None)
    assert rows.sweep.finished is None or len(rows.trials) < 6
    assert len(before) == 2
    assert folders(tmp_path) >= before


def test_another_word_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FOCUS_KEEP", "none")
    assert launch.main([*TINY, "--home", str(tmp_path / "home")]) == 2
    assert "FOCUS_KEEP='none' must be all, or best" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
