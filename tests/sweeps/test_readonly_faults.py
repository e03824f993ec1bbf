"""A file system that turns read-only under a sweep, as after an error of its disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps import audit
from tests.sweeps.local_launches import (
    MIDDLE,
    assert_all_trained_once,
    assert_one_line,
    has_reported,
    launched,
    run,
    wait_until,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
TOOLS = ("mkfs.ext4", "e2fsck", "mount", "umount")
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
SETTINGS = {"FOCUS_MIN_FREE_MB": "0", "FOCUS_BUSY_MS": "300"}


def tool(name: str) -> str:
    """Where that program is; an ordinary user's PATH lacks some. Empty where it is nowhere."""
    return shutil.which(name, path=PLACES) or ""


class Image:
    """An ext4 file system in a file, mounted at ``folder``; an error of it makes it read-only."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.file, self.folder = file, folder

    def mount(self) -> None:
        options = ["-o", "loop,errors=remount-ro"]
        self._run("mount", *options, str(self.file), str(self.folder))

    def unmount(self) -> None:
        self._run("umount", str(self.folder))

    def turn_read_only(self) -> None:
        """As the kernel does, also while files are open for writing."""
        device = os.stat(self.folder).st_dev
        link = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
        Path(f"/sys/fs/ext4/{link.name}/trigger_fs_error").write_text("a test")

    def repair(self) -> None:
        """What an administrator does then."""
        self.unmount()
        subprocess.run([tool("e2fsck"), "-y", str(self.file)], capture_output=True, check=False)
        self.mount()

    @staticmethod
    def _run(*words: str) -> None:
        subprocess.run([tool(words[0]), *words[1:]], capture_output=True, check=True)


@pytest.fixture
def image(tmp_path: Path, blank_database: Path) -> Iterator[Image]:  # noqa: F811
    """Of 40 MB, with MLflow's database made."""
    if not all(tool(name) for name in TOOLS):
        pytest.skip("no ext4 here")
    found = Image(tmp_path / "image", tmp_path / "mounted")
    found.folder.mkdir()
    with found.file.open("wb") as file:
        file.truncate(40 * 2**20)
    try:
        subprocess.run([tool("mkfs.ext4"), "-q", str(found.file)], check=True)
        found.mount()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount")
    shutil.copy(blank_database, found.folder / "mlflow.db")
    yield found
    found.unmount()


def test_a_disk_read_only_in_the_middle_ends_the_sweep_and_the_same_command_goes_on(
    image: Image,
) -> None:
    with launched(image.folder, MIDDLE, env=SETTINGS) as launcher:
        wait_until(has_reported(image.folder / "ledger.db"), "a trial runs")
        image.turn_read_only()
        _, complained = launcher.communicate(timeout=100)
    assert launcher.returncode == 1, complained
    assert_one_line(complained, "the ledger sqlite:", "then the same command goes on")
    with pytest.raises(OSError, match="Read-only"):  # it really was
        (image.folder / "more").touch()
    image.repair()
    code, _, complained = run(image.folder, MIDDLE, env=SETTINGS)
    assert (code, complained) == (0, "")
    assert_all_trained_once(image.folder / "ledger.db")
    assert audit.main(["--home", str(image.folder)]) == 0
