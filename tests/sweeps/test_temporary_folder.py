"""The temporary folder of a launch: one that Ray can use, and that nobody else's rule removes."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from focus_core.errors import UserError
from sweeps import launch
from sweeps.machine.temporary import PREFIX, choose, unfit

LETTERS = "abcXYZ019._-+,=@~ "
SESSION = "session_2026-11-25_02-12-13_123456"


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short path, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        yield Path(folder)


def folder_of_length(length: int, start: Path, rng: random.Random) -> Path:
    """A new folder below ``start`` whose path has ``length`` characters."""
    path = str(start)
    while (missing := length - len(path)) > 0:
        room = min(missing, 200) - (missing == 201)  # a slash and a letter at least
        path += "/" + "".join(rng.choices(LETTERS, k=room - 2)) + "x"
    Path(path).mkdir(parents=True)
    assert len(path) == length
    return Path(path)


def ray_would_work(folder: Path) -> bool:
    """Whether the kernel takes the path of the longest socket that Ray would have there."""
    sockets = folder / f"{PREFIX}abcdefgh/r/{SESSION}_{os.getpid()}/sockets"
    sockets.mkdir(parents=True)
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(sockets / "plasma_store"))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("length", [*range(16, 45), *range(45, 301, 5)])
def test_a_temporary_folder_is_fit_exactly_where_the_kernel_takes_rays_sockets(
    short: Path, length: int
) -> None:
    folder = folder_of_length(length, short, random.Random(length))
    reason = unfit(folder)
    assert list(folder.iterdir()) == []
    assert (reason is None) == ray_would_work(folder), reason


@pytest.mark.parametrize("seed", range(40))
def test_a_temporary_folder_with_letters_that_ray_cannot_read_is_unfit(
    short: Path, seed: int
) -> None:
    rng = random.Random(seed)
    name = "".join(rng.choices("ab", k=3))
    at = rng.randrange(4)
    odd = rng.choice(["é", "ß", "日", "\udcc3", "\n", "\x1b", "\x7f", "\u202e", "😀", "\\", "'"])
    folder = short / f"{name[:at]}{odd}{name[at:]}"
    folder.mkdir()
    assert unfit(short) is None
    assert "characters in its path" in str(unfit(folder))


RAY = """
import logging, os, sys
from pathlib import Path
from sweeps.machine import temporary
from sweeps.workers.on_ray.starting import start_ray

folder = Path(sys.argv[1] + "l" * (temporary.longest() - len(sys.argv[1]) + int(sys.argv[2])))
folder.mkdir()
fit = temporary.unfit(folder) is None
with temporary.OwnFolder(folder) as own:
    try:
        start_ray(None, own.path)
    except OSError as error:
        print(fit, error)
    else:
        import ray

        print(fit, ray.get(ray.remote(lambda: os.environ["TMPDIR"]).remote(), timeout=60))
        ray.shutdown()
print(*folder.iterdir())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "more"), [('a b"', 0), ("a", 1)])
def test_ray_itself_starts_in_the_longest_fit_temporary_folder_and_in_no_longer_one(
    short: Path, name: str, more: int
) -> None:
    words = [sys.executable, "-c", RAY, f"{short}/{name}", str(more)]
    root = str(Path(launch.__file__).parent.parent)
    done = subprocess.run(
        words, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True, check=True
    )
    if more:
        assert done.stdout.startswith("False validate_socket_filename failed"), done.stdout
    else:
        assert done.stdout.startswith(f"True {short}/{name}"), done.stdout
    assert done.stdout.endswith("\n\n")  # nothing is left


def in_short(name: str) -> Callable[[Path], Path]:
    def make(short: Path) -> Path:
        (short / "file").write_text("")
        return short / name

    return make


UNFIT: dict[str, Callable[[Path], Path]] = {
    "not there": in_short("nowhere"),
    "a file": in_short("file"),
    "below a file": in_short("file/below"),
    "too long": in_short("l" * 66),
    "of other letters": in_short("é"),
    "not to be written": lambda _: Path("/proc/self"),
}


@pytest.mark.parametrize("kind", UNFIT)
@pytest.mark.parametrize("variable", ["TMPDIR", "RAY_TMPDIR"])
def test_an_unfit_temporary_folder_is_told_in_the_plan_and_another_is_taken(
    short: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    variable: str,
) -> None:
    folder = UNFIT[kind](short)
    if kind in ("too long", "of other letters"):
        folder.mkdir()
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv(variable, str(folder))
    home = short / "home"
    words = ["--space", "nfft_bins", "--dry-run", "--home", str(home)]
    assert launch.main(words) == 0
    said = capsys.readouterr().out
    assert said.count("caution  Ray's temporary files go to /tmp: ") == 1
    assert f"{variable} '" in said
    assert launch.main([*words, "--local"]) == 0
    assert "temporary" not in capsys.readouterr().out
    assert not home.exists()


def test_a_fit_temporary_folder_is_taken_without_a_word(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(short))
    assert choose() == (short, "") or sys.platform != "linux"
    monkeypatch.setenv("RAY_TMPDIR", str(short))
    assert choose() == (short, "")


def no_sockets(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        (("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000)), "only 1 MB free"),
        (("socket.socket.bind", no_sockets), "Operation not permitted"),
        (
            ("sweeps.machine.temporary._candidates", lambda: [("TMPDIR ", Path("/dev/null"))]),
            "Not a directory",
        ),
    ],
    ids=["full", "no sockets", "a file"],
)
def test_without_any_temporary_folder_nothing_is_written(
    short: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    patch: tuple[str, object],
    says: str,
) -> None:
    monkeypatch.setattr(*patch)
    home = short / "home"
    words = ["--space", "nfft_bins", "--home", str(home)]
    assert launch.main(words) == 2
    complained = capsys.readouterr().err
    assert complained.count("\n") == 1
    assert says in complained
    assert "set TMPDIR" in complained
    assert not home.exists()
    assert launch.main([*words, "--local", "--dry-run"]) == 0
    with pytest.raises(UserError):
        choose()
