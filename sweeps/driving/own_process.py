"""The process of a launch: its signals, what it has open, and how it ends."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Any

from focus_core.output import tell
from sweeps.commands.command_line import one_line
from sweeps.driving.stopping import StopFlag

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HUNG_UP = (errno.EIO, errno.ENXIO)
SHOW_CURSOR = b"\x1b[?25h"


class OwnProcess:
    """The process of one launch.

    Args:
        stopping: the sweep's request to stop, which a signal sets.
        called: whether another program called this: that program owns this process and its signals.
    """

    def __init__(self, stopping: StopFlag, *, called: bool = False) -> None:
        self.stopping = stopping
        self.closing = ExitStack()
        """The open resources, closed in reverse order: by the main thread, or by the watchdog if
        the main thread is stuck (``abandon``)."""
        self.abandoned = False
        self.lost: BaseException | None = None
        """How Ray was lost. Then this process must end by ``leave``, as Ray's own exit waits for
        dead processes. So do the finalisers of Ray's objects: this error's frames keep those alive.
        """
        self.leave: Callable[[int], object] = os._exit
        """Ends this process at once; while Ray runs, it also ends Ray's processes."""
        self._called = called
        self._handlers: dict[int, Any] = {}

    def abandon(self, failure: str) -> None:
        """Close the open resources for the main thread, which is stuck, and end this process."""
        self.abandoned = True
        self.stopping.give_up(failure)
        with suppress(Exception):  # every resource was closed, or raised
            self.closing.close()
        tell(f"launch.py: {one_line(failure)}", error=True)
        self.leave(self.stopping.exit_code(done=False))

    def catch_signals(self) -> None:
        """From now on a signal asks for a clean stop; a second signal ends this process at once.

        If another program called this, the second signal goes to that program's handler instead.
        A second SIGHUP does nothing. A signal that is ignored, as SIGHUP under ``nohup``, stays
        ignored. Python handles signals in the main thread only: in another thread nothing changes.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            before = signal.getsignal(number)
            if before not in (signal.SIG_IGN, None, self.on_signal):  # None: set by C code
                signal.signal(number, self.on_signal)
                self._handlers.setdefault(number, before)

    def release_signals(self) -> None:
        """Restore the signal handlers that were there before."""
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def on_signal(self, number: int, frame: FrameType | None = None) -> None:
        """Handle a signal, as ``catch_signals`` describes."""
        if self.stopping.signal is None and takes_locks(frame):
            # ``wake`` may raise, which would leave the lock taken: the signal comes again
            threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        elif self.stopping.signal is None:
            self.stopping.signal = number
            self.stopping.reason = f"stopped by {signal.Signals(number).name}"
            if number == signal.SIGHUP and not self._called:
                _forget_terminal()
            self.stopping.wake()
        elif number == signal.SIGHUP:
            pass  # a closed terminal sends it twice: from the kernel and from the shell
        elif self._called:
            self.release_signals()
            signal.raise_signal(number)
        else:
            for each in SIGNALS:  # a third signal must not interrupt the end
                signal.signal(each, signal.SIG_IGN)
            _show_cursor()
            self.leave(128 + number)

    def hung_up(self, error: OSError) -> None:
        """The terminal cannot be written to: act as on SIGHUP, which may come late or never."""
        if error.errno not in HUNG_UP or self.stopping.signal is not None:
            return
        if signal.getsignal(signal.SIGHUP) == self.on_signal:
            os.kill(os.getpid(), signal.SIGHUP)  # the main thread handles it
        elif signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self.on_signal(signal.SIGHUP)


def _show_cursor() -> None:
    with suppress(OSError, ValueError):
        if sys.__stdout__ is not None and sys.__stdout__.isatty():
            os.write(sys.__stdout__.fileno(), SHOW_CURSOR)


def _forget_terminal() -> None:
    """Discard further output to the terminal: it is gone, and writing to it would raise."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        if os.isatty(number):
            os.dup2(nowhere, number)
    os.close(nowhere)


def takes_locks(frame: FrameType | None) -> bool:
    """Whether ``frame`` or one of its callers is of Python's import machinery or of ``logging``."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib") or file == logging.__file__:
            return True
        frame = frame.f_back
    return False
