"""A disk that is full or read-only, really: one line says so, and it goes on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps.workers.checkpoints import TrialCheckpoints
from tests.sweeps.local_launches import (
    MIDDLE,
    ROOT,
    TINY,
    assert_all_trained_once,
    assert_one_line,
    has_reported,
    launched,
    rows,
    run,
    wait_until,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

IMPATIENT = {"FOCUS_BUSY_MS": "300"}


class Disk:
    """A small file system of its own, seen by the processes started ``inside`` it."""

    def __init__(self, keeper: subprocess.Popen[str], folder: Path) -> None:
        self.inside = ["nsenter", "-t", str(keeper.pid), "-m", f"--wd={ROOT}"]
        self.folder = folder
        self.seen = Path(f"/proc/{keeper.pid}/root{folder}")  # from out here

    def ledger(self) -> Path:
        """A copy of the ledger: SQLite itself would follow the link to another place."""
        found = self.folder / "ledger.db"
        for suffix in ("", "-wal"):
            Path(f"{found}{suffix}").unlink(missing_ok=True)
            if Path(f"{self.seen}/ledger.db{suffix}").exists():
                shutil.copy(f"{self.seen}/ledger.db{suffix}", f"{found}{suffix}")
        return found

    def has_reported(self) -> bool:
        """Whether a trial has."""
        return (self.seen / "ledger.db").exists() and has_reported(self.ledger())()

    def remount(self, how: str) -> None:
        mount = ["mount", "-o", f"remount,{how}", str(self.folder)]
        subprocess.run([*self.inside, *mount], check=True)

    def fill(self) -> None:
        with (self.seen / "filler").open("wb", buffering=0) as filler:
            for size in (65536, 4096):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError:
                    continue


@pytest.fixture
def disk(tmp_path: Path, blank_database: Path) -> Iterator[Disk]:  # noqa: F811
    """Of 16 MB, with MLflow's database made."""
    folder = tmp_path / "disk"
    folder.mkdir()
    program = f"mount -t tmpfs -o size=16m none {folder} && echo mounted && exec sleep 600"
    words = ["unshare", "--mount", "sh", "-c", program]
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        pytest.skip("no unshare and nsenter")
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as keeper:
        try:
            assert keeper.stdout is not None
            if keeper.stdout.readline() != "mounted\n":
                pytest.skip("this user may not mount")
            found = Disk(keeper, folder)
            shutil.copy(blank_database, found.seen / "mlflow.db")
            yield found
        finally:
            keeper.kill()


def test_a_disk_that_is_nearly_full_is_refused_at_the_start(disk: Disk) -> None:
    code, _, complained = run(disk.folder, TINY, before=disk.inside)
    assert code == 2
    assert_one_line(complained, "MB are free at the home", "200 are asked for", "FOCUS_MIN_FREE_MB")
    assert not (disk.seen / "ledger.db").exists()


def test_a_home_that_is_read_only_is_refused_at_the_start(disk: Disk) -> None:
    (disk.seen / "mlflow.db").unlink()
    disk.remount("ro")
    code, _, complained = run(disk.folder, TINY, before=disk.inside)
    assert code == 2
    assert_one_line(complained, "cannot write to the home", "Read-only file system")


def test_a_read_only_home_with_a_sweep_in_it_is_refused_for_that_reason(disk: Disk) -> None:
    disk.remount("ro")
    code, _, complained = run(disk.folder, TINY, before=disk.inside)
    assert code == 2
    assert_one_line(complained, "mlflow.db cannot be opened", "cannot be written: make it writable")


@pytest.mark.parametrize("on_ray", [False, True])
def test_a_disk_full_in_the_middle_ends_the_sweep_and_the_same_command_goes_on(
    disk: Disk, on_ray: bool
) -> None:
    roomy = {"FOCUS_MIN_FREE_MB": "0", **IMPATIENT}
    words = [word for word in MIDDLE if not (on_ray and word == "--local")]
    with launched(disk.folder, words, before=disk.inside, env=roomy) as launcher:
        wait_until(disk.has_reported, "a trial runs")
        disk.fill()
        _, complained = launcher.communicate(timeout=100)
    assert launcher.returncode == 1, complained
    assert_one_line(complained, "the ledger sqlite:", "then the same command goes on")
    (disk.seen / "filler").unlink()
    assert {t.state for t in rows(disk.ledger())[1]} <= {"complete", "running", "waiting"}
    code, _, complained = run(disk.folder, words, before=disk.inside, env=roomy)
    assert (code, complained) == (0, "")
    assert_all_trained_once(disk.ledger())


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    program = f"""
import resource, torch
from sweeps.workers.checkpoints import CheckpointError, TrialCheckpoints
store = TrialCheckpoints("{tmp_path}", "id", [0])
store.save({{"step": 1}})
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    store.save({{"step": 2, "weights": torch.zeros(100_000)}})
except CheckpointError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "cannot keep the state of a trial in" in done.stdout
    assert "File too large" in done.stdout
    assert [path.name for path in (tmp_path / "id").iterdir()] == ["seeds-0.pt"]
    assert TrialCheckpoints(str(tmp_path), "id", [0]).load() == {"step": 1}
