"""Work done beside this process, where the system copies a process safely: on Linux."""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import TypeVar

Result = TypeVar("Result")


@contextmanager
def beside(work: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Begin ``work`` in a copy of this process; what is given waits for its result.

    Where there is no second processor, or the copy did not come to an end, the work is done here
    when its result is asked for: what goes wrong then goes wrong here.

    Args:
        work: whose result can be pickled.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:
        yield work
        return
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    other = context.Process(target=_send, args=(sender, work), daemon=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # idle threads of libraries: not copied
        other.start()
    sender.close()

    def result() -> Result:
        try:
            found: Result = receiver.recv()
        except (EOFError, OSError):
            return work()
        return found

    try:
        yield result
    finally:
        other.kill()
        other.join()
        receiver.close()


def _send(sender: Connection, work: Callable[[], Result]) -> None:
    with suppress(BaseException):
        sender.send(work())
