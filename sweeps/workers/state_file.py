"""A trial's state as a file that names its owner and holds a digest of the whole content.

A damaged file is refused before a byte of it is unpickled. A file is written under another name and
then moved, so that a reader finds a whole file or none, also after a power cut.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from pyarrow import fs

FORMAT = 1
HEAD = re.compile(rb"focus-sweeps checkpoint (\d{1,9}) ([0-9a-f]{64}) (\d{1,18})\n")
"""Version of the format, then SHA-256 and length in bytes of everything after this line."""
MOST_HEAD = 128


class RefusedError(Exception):
    """A file holds no state to continue from. The message continues the words "its checkpoint"."""


def read(files: fs.FileSystem, path: str) -> tuple[dict[str, Any], bytes] | None:
    """The owner that a file names, and its packed state; None where there is no file.

    Raises:
        RefusedError: the file is not whole, cannot be read, or is not of this program.
    """
    try:
        kind = files.get_file_info(path).type
        if kind == fs.FileType.NotFound:
            if isinstance(files, fs.LocalFileSystem) and os.path.islink(path):
                raise RefusedError("is a link that leads nowhere")
            return None
        if kind != fs.FileType.File:  # a pipe or a device might never end
            raise RefusedError("is no file")
        with files.open_input_file(path) as stream:
            head = HEAD.match(stream.read(MOST_HEAD))
            if head is None:
                raise RefusedError("is damaged, or none of this program's")
            if int(head[1]) != FORMAT:
                raise RefusedError(f"has format {int(head[1])}, this program reads {FORMAT}")
            if stream.size() != head.end() + int(head[3]):  # before reading: it may be endless
                raise RefusedError("is damaged: it has not the length it was written with")
            stream.seek(head.end())
            content: bytes = stream.read(int(head[3]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RefusedError(f"cannot be read ({str(error).splitlines()[0]})") from None
    _check_digest(content, head[2])
    about, _, packed = content.partition(b"\n")
    try:
        return dict(json.loads(about)), packed
    except (TypeError, ValueError):
        raise RefusedError("does not say whose it is") from None


def _check_digest(content: bytes, digest: bytes) -> None:
    if hashlib.sha256(content).hexdigest().encode() != digest:
        raise RefusedError("is damaged: its digest is another")


def unpack(packed: bytes) -> dict[str, Any]:
    """The state itself; no code in ``packed`` is run.

    Raises:
        RefusedError: ``packed`` holds no state.
    """
    import torch

    try:
        found = torch.load(io.BytesIO(packed), weights_only=True, map_location="cpu")
    except Exception as error:  # noqa: BLE001  torch raises all sorts
        raise RefusedError(f"cannot be unpacked ({type(error).__name__})") from None
    if not isinstance(found, dict):
        raise RefusedError("holds no state")
    return found


def write(
    files: fs.FileSystem, folder: str, name: str, about: Mapping[str, Any], state: dict[str, Any]
) -> None:
    """Write ``state`` to the file ``name`` in ``folder``, and replace whatever is there.

    Args:
        files: the file system.
        folder: made when it is not there.
        name: the file's name.
        about: the owner of the state, as plain data.
        state: the state, which ``unpack`` returns again.

    Raises:
        OSError: the file cannot be written; what was there before is still there.
    """
    parts = _pack(about, state)
    # A unique name: a worker whose driver was killed may still write for a moment.
    path, fresh = f"{folder}/{name}", f"{folder}/{name}.{uuid.uuid4().hex}.new"
    try:
        make_folder(files, folder)
        if isinstance(files, fs.LocalFileSystem):
            _write_durably(fresh, parts)
            _move_durably(fresh, path)
            return
        with files.open_output_stream(fresh) as stream:
            for part in parts:
                stream.write(part)
        files.move(fresh, path)
    except OSError:
        with suppress(OSError):
            files.delete_file(fresh)
        raise


def make_folder(files: fs.FileSystem, folder: str) -> None:
    """Make the folder of a trial; on this machine, remove a file or a dead link in its place."""
    here = isinstance(files, fs.LocalFileSystem)
    if here and os.path.lexists(folder) and not os.path.isdir(folder):
        os.unlink(folder)
    files.create_dir(folder)


def _pack(about: Mapping[str, Any], state: dict[str, Any]) -> list[bytes]:
    import torch

    packed = io.BytesIO()
    torch.save(state, packed)
    parts = [json.dumps(about).encode() + b"\n", packed.getvalue()]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    length = sum(len(part) for part in parts)
    head = f"focus-sweeps checkpoint {FORMAT} {digest.hexdigest()} {length}\n"
    return [head.encode(), *parts]


def _write_durably(path: str, parts: Iterable[bytes]) -> None:
    with open(path, "xb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())  # before the move: a power cut leaves a whole file or none


def _move_durably(fresh: str, path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):  # not ours, and it takes the name
        shutil.rmtree(path)
    os.replace(fresh, path)
    with suppress(OSError):  # not every file system can sync a folder
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
