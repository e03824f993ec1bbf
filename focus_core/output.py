"""Lines for people: whoever reads them may go away, and the work goes on."""

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
"""The reader has closed the pipe, the connection or the terminal: that is no failure of ours."""


class _Lost(threading.local):
    """Why a line of the command that this thread carries out could not be written."""

    error: OSError | None = None


_lost = _Lost()


def tell(text: str = "", *, end: str = "\n", error: bool = False) -> bool:
    """Like ``print``, at once; never raises because of the stream. Whether it was written.

    Args:
        text: a letter that the stream's encoding lacks is written as its escape sequence.
        end: follows ``text``.
        error: to standard error instead of standard output.
    """
    failure = put(sys.stderr if error else sys.stdout, text + end)
    if not error:
        _lost.error = failure or _lost.error
    return failure is None


def lost_output() -> str | None:
    """Why lines on standard output were lost, of this thread since it asked last.

    None when all were written, or when nobody reads them any more.
    """
    error, _lost.error = _lost.error, None
    return None if error is None or error.errno in NOBODY_READS else error.strerror


def put(stream: TextIO | None, text: str = "", errors: str = "backslashreplace") -> OSError | None:
    """Write ``text`` with what waits in the stream's buffer; what went wrong, if anything did.

    Args:
        stream: None where the program was started without it.
        text: what to write.
        errors: what becomes of a letter that the stream's encoding lacks.
    """
    if stream is None:
        return None
    try:
        _write(stream, text, errors)
        stream.flush()
    except OSError as failure:
        _drop_the_rest(stream)
        return failure
    except ValueError:  # it is closed
        return OSError(errno.EBADF, os.strerror(errno.EBADF))
    return None


def _write(stream: TextIO, text: str, errors: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, errors).decode(encoding))


def _drop_the_rest(stream: TextIO) -> None:
    """Empty the buffers: Python would try again when it ends, and complain.

    The descriptor leads nowhere for that moment only: it may be another program's.
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
    except (ValueError, AttributeError):  # closed, or hardly a stream
        return False


class Output(io.TextIOBase):
    """``stream``, but what is written to it never raises.

    Args:
        stream: such as ``sys.stdout``; None writes nowhere.
        hung_up: told when the stream is a terminal that cannot be written to any more.
    """

    def __init__(
        self, stream: TextIO | None, hung_up: Callable[[OSError], object] = lambda _: None
    ) -> None:
        self._stream = stream
        self._hung_up = hung_up
        self._is_terminal = _is_terminal(stream)

    def write(self, text: str) -> int:
        failure = put(self._stream, text, "replace")  # a letter for a letter: widths stay
        if failure is not None and self._is_terminal:
            self._hung_up(failure)
        return len(text)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # writable in the base
        """Of the stream below."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether the stream was a terminal at first: one that has hung up says no."""
        return self._is_terminal

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return self._stream.fileno()


@contextmanager
def standard_streams() -> Iterator[None]:
    """The descriptors 0, 1 and 2 are open meanwhile, and what waits in the buffers is written.

    Where one was closed, the next file to be opened, such as a database, would get its number, and
    child processes would write into it.
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
