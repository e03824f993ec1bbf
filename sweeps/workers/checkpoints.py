"""Where a worker keeps a trial's state: one file for each trial and set of seeds.

The same store serves Ray's restarts, a relaunch and the debugger's inline run.

Each write replaces the whole file. A file names the owner of its state (see ``state_file``). A
worker never continues from a damaged file, nor from another owner's file: the trial then starts
over, and the worker says so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from pyarrow import fs

from sweeps.workers import state_file
from sweeps.workers.state_file import RefusedError

MOST_NAME = 40
OWN = {
    "trial_id": "is of another trial",
    "code": "is of another focus_core",
    "token": "is of another sweep, or of an earlier start of this trial",
    "seeds": "is of other seeds",
}
"""The fields that name a file's owner, and the words for a file whose field differs."""


class CheckpointError(OSError):
    """A trial's state cannot be written."""


class TrialCheckpoints:
    """The checkpoint of some seeds of one trial.

    Args:
        root: the address of the sweep's checkpoints (see ``checkpoint_folder``).
        trial_id: the trial's id.
        seeds: the seeds that are trained together.
        code: ``Trial.code``.
        token: ``Trial.token``; a trial that starts over gets a new token.
        handed: the name of this assignment (``Assignment.handed``); Ray's restarts keep it.
        reported: the last step up to which the ledger had every report when the trial was handed
            out. A state of an earlier assignment that is ahead of this step is refused, because
            reports would be missing. None: no state is refused for its step.
        say: called with one line when a checkpoint is refused.
        loaded: called after ``load`` with the step of the state: 0 where a state was refused, None
            where there is none.
    """

    def __init__(
        self,
        root: str,
        trial_id: str,
        seeds: Sequence[int],
        *,
        code: str = "",
        token: str = "",
        handed: str = "",
        reported: int | None = None,
        say: Callable[[str], None] = lambda _: None,
        loaded: Callable[[int | None], None] = lambda _: None,
    ) -> None:
        self._files, folder = fs.FileSystem.from_uri(root)
        self._folder = f"{folder}/{trial_id}"
        self._name = file_name(seeds)
        self._own = {"trial_id": trial_id, "code": code, "token": token, "seeds": list(seeds)}
        self._handed = handed
        self._reported = reported
        self._say = say
        self._loaded = loaded

    def load(self) -> dict[str, Any] | None:
        """The last saved state; None when there is no state to continue from."""
        state: dict[str, Any] | None = None
        try:
            found = state_file.read(self._files, f"{self._folder}/{self._name}")
            state = None if found is None else self._accept(*found)
            self._loaded(None if state is None else int(state.get("step", 0)))
        except RefusedError as refused:
            self._say(f"its checkpoint {refused}: it starts over")
            self._loaded(0)
        return state

    def _accept(self, said: Mapping[str, Any], packed: bytes) -> dict[str, Any]:
        _check_owner(said, self._own)
        state = state_file.unpack(packed)
        if said.get("handed") != self._handed:
            self._check_reported(state)
        return state

    def _check_reported(self, state: Mapping[str, Any]) -> None:
        if self._reported is not None and state.get("reported", 0) > self._reported:
            raise RefusedError(f"is ahead of the ledger, which ends at step {self._reported}")

    def clear_leftovers(self) -> None:
        """Remove the files that killed workers began to write for these seeds."""
        with suppress(OSError):  # what stands in the folder's place is seen at ``save``
            found = self._files.get_file_info(fs.FileSelector(self._folder, allow_not_found=True))
            for info in found:
                if info.base_name.startswith(f"{self._name}.") and info.extension == "new":
                    self._files.delete_file(info.path)

    def save(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint.

        The state is written under another name and then moved, so nobody reads half a file.

        Raises:
            CheckpointError: the state cannot be written; the checkpoint before it is still there.
        """
        about = {**self._own, "handed": self._handed}
        try:
            state_file.write(self._files, self._folder, self._name, about, state)
        except OSError as error:
            said = os.strerror(error.errno) if error.errno else str(error).splitlines()[0]
            raise CheckpointError(
                f"cannot keep the state of a trial in {self._folder} ({said}): free some space or "
                "make it writable, then --retry-failed"
            ) from None


def file_name(seeds: Sequence[int]) -> str:
    """The file name for a set of seeds: the list of a few seeds, or a short form of many."""
    words = "-".join(str(seed) for seed in seeds)
    if len(words) > MOST_NAME:
        digest = hashlib.sha256(words.encode()).hexdigest()[:16]
        words = f"{seeds[0]}-to-{seeds[-1]}-{digest}"
    return f"seeds-{words}.pt"


def read_own(files: fs.FileSystem, path: str, own: Mapping[str, Any]) -> bytes:
    """The packed state in a checkpoint; nothing is unpickled.

    Args:
        files: the file system.
        path: one of ``SweepFolder.kept``.
        own: the owner that the file must name: ``trial_id``, ``code`` and ``token``.

    Raises:
        RefusedError: the file is missing, damaged, or another owner's.
    """
    found = state_file.read(files, path)
    if found is None:
        raise RefusedError("is missing")
    said, packed = found
    _check_owner(said, own)
    if file_name(said.get("seeds", ())) != PurePath(path).name:
        raise RefusedError(OWN["seeds"])
    return packed


def _check_owner(said: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    for name, value in own.items():
        if said.get(name) != value:
            raise RefusedError(OWN[name])
