"""Writes lines for people; the program continues when nobody reads its output any more."""

from __future__ import annotations

import errno
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

NOBODY_READS = (errno.EPIPE, errno.ECONNRESET, errno.EBADF, errno.EIO, errno.ENXIO)
"""The reader closed the pipe, the connection or the terminal: this is not a failure."""


class _Lost(threading.local):
    """The last error that kept this thread's command from writing a line."""

    error: OSError | None = None


_lost = _Lost()


def tell(text: str = "", *, end: str = "\n", error: bool = False) -> bool:
    """Write a line like ``print`` and flush it; return whether it was written.

    An error of the stream raises no exception.

    Args:
        text: a character that the stream's encoding lacks is written as its escape sequence.
        end: follows ``text``.
        error: whether to write to standard error instead of standard output.
    """
    failure = put(sys.stderr if error else sys.stdout, text + end)
    if not error:
        _lost.error = failure or _lost.error
    return failure is None


def lost_output() -> str | None:
    """Why standard output lost lines of this thread since this thread last called the function.

    None when all lines were written, or when nobody reads the output any more.
    """
    error, _lost.error = _lost.error, None
    return None if error is None or error.errno in NOBODY_READS else error.strerror


def put(stream: TextIO | None, text: str = "", errors: str = "backslashreplace") -> OSError | None:
    """Write ``text`` and flush the stream's buffer; return the error, or None.

    Args:
        stream: None where the program was started without this stream.
        text: the text to write.
        errors: how to encode a character that the stream's encoding lacks.
    """
    if stream is None:
        return None
    try:
        _write(stream, text, errors)
        stream.flush()
    except OSError as failure:
        _drop_the_rest(stream)
        return failure
    except ValueError:  # the stream is closed
        return OSError(errno.EBADF, os.strerror(errno.EBADF))
    return None


def _write(stream: TextIO, text: str, errors: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, errors).decode(encoding))


def _drop_the_rest(stream: TextIO) -> None:
    """Empty the stream's buffers, or Python would write again at exit and print an error.

    The descriptor leads to the null device only during this call, because other code may use it.
    """
    with suppress(OSError, ValueError, AttributeError):
        number = stream.fileno()
        kept = os.dup(number)
        try:
            _lead_nowhere(number)
            stream.flush()
        finally:
            os.dup2(kept, number)
            os.close(kept)


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere == number:
        os.set_inheritable(number, True)
    else:
        os.dup2(nowhere, number)
        os.close(nowhere)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except (ValueError, AttributeError):  # closed, or not a full stream
        return False


class Output(io.TextIOBase):
    """Wraps ``stream`` so that a write never raises because of the stream.

    Args:
        stream: such as ``sys.stdout``; None writes nowhere.
        hung_up: called with the error when a write fails and the stream was a terminal.
    """

    def __init__(
        self, stream: TextIO | None, hung_up: Callable[[OSError], object] = lambda _: None
    ) -> None:
        self._stream = stream
        self._hung_up = hung_up
        self._is_terminal = _is_terminal(stream)

    def write(self, text: str) -> int:
        failure = put(self._stream, text, "replace")  # one character for one: widths stay the same
        if failure is not None and self._is_terminal:
            self._hung_up(failure)
        return len(text)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # writable in the base
        """The encoding of the wrapped stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether the stream was a terminal at the start; a terminal that hung up says no later."""
        return self._is_terminal

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return self._stream.fileno()


@contextmanager
def standard_streams() -> Iterator[None]:
    """Keep the descriptors 0, 1 and 2 open in the block, and flush the streams at its end.

    If one of these descriptors were closed, the next opened file, such as a database, would get its
    number, and child processes would write into that file.
    """
    opened = [number for number in range(3) if not _is_open(number)]
    for number in opened:
        _lead_nowhere(number)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            put(stream)
        for number in opened:
            os.close(number)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
