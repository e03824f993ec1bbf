"""The folder of one sweep's checkpoints: on this machine, on a shared disk, or in a bucket."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from pyarrow import fs

TRIAL_FOLDER = re.compile(r"[0-9a-f]{12}")
KEPT = re.compile(r"seeds-.*\.pt")
LEFTOVER = ".new"
MARK = "sweep.txt"


class SweepFolder:
    """What is in the folder of a sweep's checkpoints.

    Args:
        address: the folder; it need not be there.
    """

    def __init__(self, address: str) -> None:
        self.files, self.path = fs.FileSystem.from_uri(address)

    @property
    def is_here(self) -> bool:
        """Whether the folder is in this machine's file system, which other hosts may share."""
        return isinstance(self.files, fs.LocalFileSystem)

    def trials(self) -> list[str]:
        """The ids of the trials that have something here."""
        names = (Path(info.path).name for info in self._entries(self.path))
        return sorted(name for name in names if TRIAL_FOLDER.fullmatch(name))

    def kept(self, trial_id: str) -> list[fs.FileInfo]:
        """The checkpoints of a trial. An empty file counts as none."""
        found = (info for info in self._of(trial_id) if KEPT.fullmatch(info.base_name))
        return [info for info in found if info.type != fs.FileType.File or info.size]

    def leftovers(self, trial_id: str) -> list[fs.FileInfo]:
        """The files of a trial that a worker began to write and did not finish."""
        return [info for info in self._of(trial_id) if info.base_name.endswith(LEFTOVER)]

    def remove(self, path: str) -> None:
        """Remove a file or a folder; a link is removed, not what it leads to."""
        if not self.is_here:
            self.files.delete_file(path)
        elif os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            Path(path).unlink(missing_ok=True)

    def forget(self, trial_id: str) -> None:
        """Remove every checkpoint of a trial.

        What cannot be removed does no harm: the trial has a new token, so its worker refuses it.
        """
        path = f"{self.path}/{trial_id}"
        if self.is_here:
            shutil.rmtree(path, ignore_errors=True)
            return
        with suppress(OSError):
            self.files.delete_dir(path)

    def mark(self, text: str) -> None:
        """Write the file by which workers know this folder, and read it again.

        Raises:
            OSError: that cannot be done.
        """
        path = f"{self.path}/{MARK}"
        self.files.create_dir(self.path)
        with self.files.open_output_stream(path) as stream:
            stream.write(text.encode())
        with self.files.open_input_stream(path) as stream:
            if stream.read() != text.encode():
                raise OSError("what was written is not what is read")

    @property
    def is_marked(self) -> bool:
        """Whether this is the folder that a launch has marked."""
        return bool(self.files.get_file_info(f"{self.path}/{MARK}").type == fs.FileType.File)

    def _of(self, trial_id: str) -> list[fs.FileInfo]:
        return self._entries(f"{self.path}/{trial_id}")

    def _entries(self, path: str) -> list[fs.FileInfo]:
        if self.is_here and not os.path.isdir(path):
            return []
        found = self.files.get_file_info(fs.FileSelector(path, allow_not_found=True))
        return sorted(found, key=lambda info: info.path)
