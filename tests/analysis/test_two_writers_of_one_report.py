"""Two writers of one report, or more: the last one wins, quietly, and nothing is left beside it."""

from __future__ import annotations

import multiprocessing
from functools import partial
from pathlib import Path

import pytest

from analysis.page import folders
from analysis.page.folders import replace_folder
from focus_core.errors import UserError

TIMES = 150


def write(target: Path, who: int, failures: Path) -> None:
    for turn in range(TIMES):
        try:
            replace_folder(target, partial(fill, text=f"{who} {turn}"))
        except Exception as error:  # noqa: BLE001  whatever it is
            with failures.open("a") as file:
                print(repr(error), file=file)


def fill(fresh: Path, text: str) -> None:
    (fresh / "figures").mkdir()
    for name in ("index.html", "figures/one.png"):
        (fresh / name).write_text(text)


def failures_of(target: Path, writers: int, folder: Path) -> list[str]:
    """What the writers failed with. They tell it in a file: a full pipe would hold them up."""
    failures = folder / "failures"
    failures.touch()
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=write, args=(target, who, failures)) for who in range(writers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return failures.read_text().splitlines()


@pytest.mark.parametrize("writers", [2, 4])
def test_writers_at_the_same_instant_leave_one_whole_report(tmp_path: Path, writers: int) -> None:
    target = tmp_path / "reports" / "nfft_bins"
    assert failures_of(target, writers, tmp_path) == []
    written = {path.read_text() for path in target.rglob("*") if path.is_file()}
    assert len(written) == 1
    assert written.pop().split()[1] == str(TIMES - 1)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_without_a_second_try_writers_collide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    moved = folders._moved

    def once(fresh: Path, target: Path) -> bool:
        folders._take_away(target)
        assert moved(fresh, target), "another writer was quicker"
        return True

    monkeypatch.setattr(folders, "_moved", once)
    assert failures_of(tmp_path / "report", 4, tmp_path)


def test_a_file_in_the_place_of_a_report_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.write_text("mine")
    with pytest.raises(UserError, match="is no folder: move it away"):
        replace_folder(target, lambda fresh: fill(fresh, "ours"))
    assert target.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
