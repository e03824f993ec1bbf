"""What dead launches left in the temporary folder is cleared by the next one, and nothing else."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps import launch
from sweeps.machine import temporary
from sweeps.machine.temporary import MARK, PREFIX, OwnFolder, clear_what_the_dead_left

ROOT = Path(launch.__file__).parent.parent
SESSION = "session_2026-11-25_02-12-13_123456_7"


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one place where temporary folders are looked for."""
    monkeypatch.setattr(temporary, "_candidates", lambda: [("TMPDIR ", tmp_path)])
    return tmp_path


HOLD = """
import sys
from pathlib import Path
from sweeps.machine.temporary import OwnFolder

with OwnFolder(Path(sys.argv[1])) as folder:
    (folder.path / "r" / "log").write_text("x")
    print(folder.path, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holders() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def held(base: Path, holders: list[subprocess.Popen[str]]) -> Path:
    """A folder of another live process."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(base)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    holders.append(process)
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def left_behind(base: Path, rng: random.Random) -> Path:
    """As a dead launch leaves it."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789_"
    folder = base / f"{PREFIX}{''.join(rng.choices(letters, k=8))}"
    (folder / "r" / SESSION / "logs").mkdir(parents=True)
    (folder / "r" / SESSION / "logs" / "raylet.out").write_text("x")
    (folder / "r" / "session_latest").symlink_to(folder / "r" / SESSION)
    (folder / MARK).write_text("")
    return folder


def other_user(base: Path, rng: random.Random) -> Path:
    folder = left_behind(base, rng)
    os.chown(folder, 12345, -1)
    return folder


def other_program(base: Path, rng: random.Random) -> Path:
    folder = left_behind(base, rng)
    (folder / MARK).unlink()
    return folder


def other_name(base: Path, rng: random.Random) -> Path:
    return left_behind(base, rng).rename(base / f"focus-notes{rng.random()}")


def a_link(base: Path, rng: random.Random) -> Path:
    """To a folder that looks as if a dead launch had left it."""
    target = left_behind(base, rng).rename(base / f"elsewhere{rng.random()}")
    link = base / f"{PREFIX}{rng.randrange(10**7, 10**8)}"
    link.symlink_to(target)
    return link


def a_linked_mark(base: Path, rng: random.Random) -> Path:
    folder = other_program(base, rng)
    (folder / MARK).mkdir()
    return folder


def a_file(base: Path, rng: random.Random) -> Path:
    path = base / f"{PREFIX}{rng.randrange(10**7, 10**8)}"
    path.write_text("x")
    return path


STAYS = [other_program, other_name, a_link, a_linked_mark, a_file]
STAYS += [other_user] if os.geteuid() == 0 else []


def everything(folder: Path) -> set[str]:
    return {str(path) for path in [folder, folder.resolve(), *folder.resolve().rglob("*")]}


@pytest.mark.parametrize("seed", range(20))
def test_a_launch_clears_what_dead_launches_left_and_nothing_else(only: Path, seed: int) -> None:
    rng = random.Random(seed)
    dead = [left_behind(only, rng) for _ in range(rng.randrange(4))]
    others = [make(only, rng) for make in rng.sample(STAYS, k=rng.randrange(1, len(STAYS) + 1))]
    with OwnFolder(only) as own:
        kept = set().union(everything(own.path), *map(everything, others))
        clear_what_the_dead_left()
        assert {str(path) for path in only.rglob("*")} >= kept
        assert [folder for folder in dead if folder.exists()] == []
    assert not own.path.exists()
    assert all(folder.is_symlink() or folder.exists() for folder in others)


def test_a_link_inside_a_folder_left_behind_is_not_followed(only: Path) -> None:
    precious = only / "precious"
    precious.mkdir()
    (precious / "work").write_text("years")
    dead = left_behind(only, random.Random(0))
    (dead / "t").symlink_to(precious)
    (dead / "r" / "deeper").symlink_to(precious)
    (dead / "file").symlink_to(precious / "work")
    clear_what_the_dead_left()
    assert not dead.exists()
    assert (precious / "work").read_text() == "years"


def test_the_folder_of_a_live_launch_stays_until_it_dies(
    only: Path, holders: list[subprocess.Popen[str]]
) -> None:
    alive, dead = held(only, holders), held(only, holders)
    holders[1].send_signal(signal.SIGKILL)
    holders[1].wait()
    assert (dead / "r" / "log").exists()
    clear_what_the_dead_left()
    assert (alive / "r" / "log").exists()
    assert not dead.exists()
    holders[0].kill()
    holders[0].wait()
    clear_what_the_dead_left()
    assert list(only.iterdir()) == []


def test_a_launch_that_ends_leaves_no_temporary_folder(
    only: Path, holders: list[subprocess.Popen[str]]
) -> None:
    folder = held(only, holders)
    assert folder.stat().st_mode & 0o077 == 0
    assert holders[0].stdin is not None
    holders[0].stdin.write("\n")
    holders[0].communicate(timeout=30)
    assert holders[0].returncode == 0
    assert list(only.iterdir()) == []


def test_several_launches_clear_at_once(only: Path) -> None:
    rng = random.Random(1)
    for _ in range(30):
        left_behind(only, rng)
    with OwnFolder(only) as own:
        threads = [threading.Thread(target=clear_what_the_dead_left) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(only.iterdir()) == [own.path]
        assert (own.path / "r").is_dir()


def test_a_folder_cleared_by_halves_is_cleared_by_the_next_launch(
    only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = left_behind(only, random.Random(2))
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # say, somebody still writes there
        clear_what_the_dead_left()
    assert (dead / MARK).exists()
    clear_what_the_dead_left()
    assert not dead.exists()


def test_removing_twice_touches_nothing_of_others(only: Path) -> None:
    """The number of a closed handle is soon another's."""
    with OwnFolder(only) as own:
        own.remove()
        handle = os.open(only, os.O_RDONLY)
        (only / "work").write_text("years")
        own.remove()
    os.close(handle)
    assert (only / "work").exists()


def test_focus_debug_keeps_the_folder_until_the_next_launch(
    only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCUS_DEBUG", "1")
    with OwnFolder(only) as own:
        pass
    assert own.path.exists()
    clear_what_the_dead_left()
    assert list(only.iterdir()) == []
