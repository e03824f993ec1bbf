"""What comes from outside this program: files of the system, names, what other programs print.

Any byte may be in it, in any locale. Nothing here raises for what the bytes are: they are parsed
as bytes, or decoded with U+FFFD in the place of what is no UTF-8.
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
    """``raw`` as text. ASCII stays where it is, whatever stands around it."""
    return raw.decode("utf-8", errors="replace")


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        OSError: it is not there, or not ours to read.
    """
    return text_of(path.read_bytes())


def storable(text: str) -> str:
    """``text`` as every database and every file takes it.

    Python gives names of the system as text in which a byte that is no UTF-8 is half a surrogate
    pair, which nothing encodes. A NUL is refused by some databases.
    """
    try:
        raw = text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError:  # half a pair that stands for no byte
        raw = text.encode("utf-8", errors="replace")
    return text_of(raw).replace("\0", "\ufffd")


def host_name() -> str:
    """The name of this machine, which may hold any byte."""
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
        environment: instead of this process's.
        seconds: how long it may take. Then it is killed, with whatever it has started.

    Raises:
        OSError: there is no such program, or it took too long (``TimeoutError``).
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
