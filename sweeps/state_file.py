"""A trial's state as a file: whose it is, and a digest over all of it.

What is damaged is refused before a byte of it is unpickled. A file is written beside and moved,
so that a reader finds a whole one or none, also after a power cut.
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
"""Version of the format, SHA-256 of all that follows, and its length in bytes."""
MOST_HEAD = 128


class RefusedError(Exception):
    """A file is no state to go on from. The text goes on after "its checkpoint"."""


def read(files: fs.FileSystem, path: str) -> tuple[dict[str, Any], bytes] | None:
    """What a file says of itself, and its state, packed; None where there is no file.

    Raises:
        RefusedError: it is not whole, or not of this program.
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
            if stream.size() != head.end() + int(head[3]):  # before it is read: it may be endless
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
    """The state itself; nothing in it is run.

    Raises:
        RefusedError: it is none.
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
    """Put ``state`` at ``name`` in ``folder``, in the place of whatever is there.

    Args:
        files: where.
        folder: made when it is not there.
        name: of the file.
        about: whose state it is: plain data.
        state: what ``unpack`` returns again.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    parts = _pack(about, state)
    # A name of its own: a worker whose driver was killed may still be writing for a moment.
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
    """Make the folder of a trial; anything else at its place goes."""
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
        os.fsync(file.fileno())  # before the move: after a power cut it is whole, or not there


def _move_durably(fresh: str, path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):  # nothing of ours, and in the way
        shutil.rmtree(path)
    os.replace(fresh, path)
    with suppress(OSError):  # not every file system can
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
