"""What a sweep leaves on the machine, in files and in what others see of its processes."""

from __future__ import annotations

import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.sweeps.launching import (
    finish,
    in_the_middle,
    left_of,
    nothing_outlives_a_test,  # noqa: F401  a fixture
    read,
    start,
    under,
    wait_for,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

SECRETS = {
    name: f"PLANTED-{name}"
    for name in (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
        *("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"),
        *("DATABRICKS_TOKEN", "HF_TOKEN", "WANDB_API_KEY", "AZURE_STORAGE_ACCESS_KEY"),
        *("AZURE_STORAGE_CONNECTION_STRING", "GOOGLE_APPLICATION_CREDENTIALS", "PGPASSWORD"),
    )
}


@pytest.fixture
def place(blank_database: Path) -> Iterator[Path]:  # noqa: F811
    """Of a short path, which pytest's are not; ``tmp`` is for temporary files."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        for name in ("tmp", "user", "home"):
            Path(folder, name).mkdir()
        shutil.copy(blank_database, Path(folder, "home", "mlflow.db"))
        yield Path(folder)


def where_planted(files: Iterable[Path]) -> tuple[list[str], list[str]]:
    """The files in which a secret is, and the names of all that could be read."""
    found, seen = [], []
    for path in files:
        with suppress(OSError):  # a folder, a socket, or gone meanwhile
            found += [str(path)] if b"PLANTED" in path.read_bytes() else []
            seen.append(path.name)
    return found, seen


def test_a_planted_secret_is_found(tmp_path: Path) -> None:
    """Negative control."""
    (tmp_path / "log").write_bytes(b"\xff AWS_SECRET_ACCESS_KEY=" + b"PLANTED-x")
    assert where_planted(tmp_path.rglob("*")) == ([str(tmp_path / "log")], ["log"])


@pytest.mark.slow
def test_no_file_and_no_command_line_of_a_sweep_holds_a_planted_secret(place: Path) -> None:
    home = place / "home"
    places = {"TMPDIR": str(place / "tmp"), "HOME": str(place / "user")}
    launcher = start(home, "--trials", "2", env=places | SECRETS)
    wait_for(home, lambda rows: any(t.state == "running" and t.step >= 10 for t in rows))
    found, seen = where_planted(place.rglob("*"))
    assert found == []
    assert {"runtime_env_agent.log", "ledger.db", "raylet.out"} <= set(seen)
    assert where_planted(Path("/proc").glob("[0-9]*/cmdline"))[0] == []
    said = finish(launcher)
    assert launcher.returncode == 0, said
    assert "PLANTED" not in said
    assert where_planted(place.rglob("*"))[0] == []
    assert list((place / "tmp").iterdir()) == []


@pytest.mark.slow
def test_what_a_killed_launcher_left_behind_is_cleared_by_the_next(place: Path) -> None:
    home, temporary = place / "home", place / "tmp"
    launcher = start(home, TMPDIR=str(temporary))
    wait_for(home, in_the_middle)
    processes = under(launcher.pid)
    launcher.kill()
    finish(launcher)
    assert left_of(processes, seconds=90) == []  # two agents of Ray's live on for about a minute
    assert len(list(temporary.iterdir())) == 1
    again = start(home, TMPDIR=str(temporary))
    said = finish(again)
    assert again.returncode == 0, said
    assert list(temporary.iterdir()) == []
    assert {t.state for t in read(home)[0]} == {"complete"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_left_behind_by_a_storm_of_signals(place: Path, seed: int) -> None:
    home, temporary = place / "home", place / "tmp"
    rng = random.Random(seed)
    launcher = start(home, TMPDIR=str(temporary))
    deadline = time.monotonic() + 120
    while not list(temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(rng.uniform(0, 8))
    processes = under(launcher.pid)
    for _ in range(rng.choice([2, 30])):
        with suppress(ProcessLookupError):
            launcher.send_signal(rng.choice([signal.SIGINT, signal.SIGTERM]))
        time.sleep(rng.choice([0, 0.01, 0.05]))
    said = finish(launcher, timeout=90)
    assert launcher.returncode in (130, 143), said
    assert "Traceback" not in said
    assert left_of(processes, seconds=90) == []  # two agents of Ray's live on for about a minute
    assert list(temporary.iterdir()) == []
