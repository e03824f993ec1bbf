"""Where a worker keeps a trial's state: one file a trial and set of seeds, replaced whole.

``root`` is a folder every worker can reach: a path, or any address pyarrow knows (s3://, gs://).
The same store serves Ray's restarts, a relaunch and the debugger's inline run.
"""

from __future__ import annotations

import io
import os
import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pyarrow import fs


class CheckpointError(OSError):
    """A trial's state cannot be written."""


class TrialCheckpoints:
    """The checkpoint of some seeds of one trial."""

    def __init__(self, root: str, trial_id: str, seeds: Sequence[int]) -> None:
        self._files, folder = fs.FileSystem.from_uri(root)
        self._folder = f"{folder}/{trial_id}"
        self._path = f"{self._folder}/seeds-{'-'.join(str(seed) for seed in seeds)}.pt"

    def load(self) -> dict[str, Any] | None:
        """The last state saved; None when there is none that can be read."""
        try:
            with self._files.open_input_stream(self._path) as stream:
                return _read(stream.read())
        except OSError:
            return None

    def save(self, state: dict[str, Any]) -> None:
        """Replace what is kept: written beside, then moved, so no half file is ever read.

        Raises:
            CheckpointError: it cannot be written; what was kept before still is.
        """
        import torch

        data = io.BytesIO()
        torch.save(state, data)
        # A name of its own: a worker whose driver was killed may still be writing for a moment.
        fresh = f"{self._path}.{uuid.uuid4().hex}.new"
        try:
            self._files.create_dir(self._folder)
            with self._files.open_output_stream(fresh) as stream:
                stream.write(data.getbuffer())
            self._files.move(fresh, self._path)
        except OSError as error:
            with suppress(OSError):
                self._files.delete_file(fresh)
            said = os.strerror(error.errno) if error.errno else str(error).splitlines()[0]
            raise CheckpointError(
                f"cannot keep the state of a trial in {self._folder} ({said}): free some space or "
                "make it writable, then --retry-failed"
            ) from None


def read_state(path: Path) -> dict[str, Any] | None:
    """What a checkpoint's file on this machine holds; None when it cannot be read."""
    try:
        return _read(path.read_bytes())
    except OSError:
        return None


def _read(content: bytes) -> dict[str, Any] | None:
    import torch

    try:
        found: dict[str, Any] = torch.load(
            io.BytesIO(content), weights_only=True, map_location="cpu"
        )
    except Exception:  # noqa: BLE001  torch raises all sorts on half a file or a foreign one
        return None  # start over rather than fail
    return found


def forget(root: Path, trial_id: str) -> None:
    """Remove every checkpoint of a trial."""
    shutil.rmtree(root / trial_id, ignore_errors=True)
