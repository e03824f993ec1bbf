"""Why a sweep should stop before it is done: a signal, its time is over, or nothing works."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Any

from focus_core.output import tell
from sweeps.command_line import one_line

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HUNG_UP = (errno.EIO, errno.ENXIO)
SHOW_CURSOR = b"\x1b[?25h"


class StopFlag:
    """Set by a signal, by the clock, or by who finds that nothing works; runners look at it.

    Args:
        seconds: the time budget; None for none.
        called: by another program: this process, and what its signals do, are not ours to end.
    """

    def __init__(self, seconds: float | None = None, *, called: bool = False) -> None:
        self.reason: str | None = None
        self.signal: int | None = None
        self.failure: str | None = None
        """Why the sweep cannot go on now, in one line for people."""
        self.closing = ExitStack()
        """What is open, to be closed last come first: by the main thread, or where that is stuck
        by whoever notices (``abandon``)."""
        self.abandoned = False
        self.ray_is_lost = False
        """This process must end by ``leave``: Ray's own ending would wait for what is dead."""
        self.wake: Callable[[], None] = lambda: None
        """Called once when a signal asks for the stop, to interrupt a wait."""
        self.leave: Callable[[int], object] = os._exit
        """Ends this process at once, and Ray's with it."""
        self._called = called
        self._handlers: dict[int, Any] = {}
        self._deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def requested(self) -> bool:
        """True once trials should stop."""
        over = self._deadline is not None and time.monotonic() >= self._deadline
        if over and self.reason is None:
            self.reason = "time budget used up"
        return self.reason is not None

    def give_up(self, failure: str) -> None:
        """Nothing works any more: stop, and say why."""
        self.failure = self.failure or failure
        self.reason = self.reason or failure

    def abandon(self, failure: str) -> None:
        """The main thread never comes back: close in its stead what is open, and end."""
        self.abandoned = True
        self.give_up(failure)
        with suppress(Exception):  # each has been closed, or has raised
            self.closing.close()
        tell(f"launch.py: {one_line(failure)}", error=True)
        self.leave(self.exit_code)

    @property
    def exit_code(self) -> int:
        """Of a sweep that could not go on: 1, or 128 + n when signal n was the first to end it."""
        return 1 if self.signal is None else 128 + self.signal

    def catch_signals(self) -> None:
        """From now on a signal asks for a clean stop; a second one ends this process at once.

        A signal that is ignored, as ``nohup`` does with SIGHUP, stays ignored. Python lets the main
        thread alone take signals: in another one nothing is changed.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            before = signal.getsignal(number)
            if before not in (signal.SIG_IGN, None, self.on_signal):  # None: not Python's, but C's
                signal.signal(number, self.on_signal)
                self._handlers.setdefault(number, before)

    def release_signals(self) -> None:
        """They do again what they did before."""
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def on_signal(self, number: int, _frame: FrameType | None = None) -> None:
        """A signal has come."""
        if self.signal is None:
            self.signal = number
            self.reason = f"stopped by {signal.Signals(number).name}"
            if number == signal.SIGHUP and not self._called:
                _forget_terminal()
            self.wake()
        elif number == signal.SIGHUP:
            pass  # a terminal says it twice: the kernel does, and the shell
        elif self._called:
            self.release_signals()
            signal.raise_signal(number)
        else:
            for each in SIGNALS:  # a third one must not interrupt the end
                signal.signal(each, signal.SIG_IGN)
            _show_cursor()
            self.leave(128 + number)

    def hung_up(self, error: OSError) -> None:
        """The terminal cannot be written to: what SIGHUP says, which may come late or never."""
        if error.errno not in HUNG_UP or self.signal is not None:
            return
        if signal.getsignal(signal.SIGHUP) == self.on_signal:
            os.kill(os.getpid(), signal.SIGHUP)  # to the main thread, whichever this is
        elif signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self.on_signal(signal.SIGHUP)


def _show_cursor() -> None:
    with suppress(OSError, ValueError):
        if sys.__stdout__ is not None and sys.__stdout__.isatty():
            os.write(sys.__stdout__.fileno(), SHOW_CURSOR)


def _forget_terminal() -> None:
    """It is gone: what is still written goes nowhere, instead of raising."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        if os.isatty(number):
            os.dup2(nowhere, number)
    os.close(nowhere)
