"""Read what comes from outside this program: system files, names, output of other programs.

It may hold any byte, in any locale. No function here raises because of a byte: bytes are parsed as
bytes, or decoded with U+FFFD in place of a byte that is not UTF-8.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SECONDS = 20.0


class Answer(NamedTuple):
    """What a program printed, and how it ended."""

    code: int
    out: bytes
    err: bytes


def text_of(raw: bytes) -> str:
    """``raw`` as text. ASCII characters are kept, whatever bytes are around them."""
    return raw.decode("utf-8", errors="replace")


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        OSError: the file is missing, or this user may not read it.
    """
    return text_of(path.read_bytes())


def storable(text: str) -> str:
    """``text`` in a form that every database and every file accepts.

    In a name from the system, Python replaces a byte that is not UTF-8 with half a surrogate pair,
    which UTF-8 cannot encode. Some databases refuse a NUL.
    """
    try:
        raw = text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError:  # half a pair that stands for no byte
        raw = text.encode("utf-8", errors="replace")
    return text_of(raw).replace("\0", "\ufffd")


def host_name() -> str:
    """The name of this machine, in a form that can be stored."""
    return storable(socket.gethostname())


def ask(
    words: Sequence[str | bytes],
    *,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> Answer:
    """Run a program and wait for what it prints.

    Args:
        words: the program and its arguments.
        given: its standard input.
        environment: the program's environment; None: that of this process.
        seconds: how long the program may take. Then its whole process group is killed.

    Raises:
        OSError: there is no such program, or the program took too long (``TimeoutError``).
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(
        words, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
    ) as process:
        try:
            out, err = process.communicate(given, timeout=max(seconds, 0.001))
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
            name = text_of(os.fsencode(words[0]))
            raise TimeoutError(f"{name} did not answer within {seconds:.3g} s") from None
        except BaseException:
            _kill_group(process.pid)
            raise
    return Answer(process.returncode, out, err)


def _kill_group(leader: int) -> None:
    with suppress(OSError):
        os.killpg(leader, signal.SIGKILL)
