"""Whether a sweep should stop before it is done, and why: a signal, the clock, or a failure."""

from __future__ import annotations

import time
from collections.abc import Callable

from sweeps.commands.command_line import EXIT_DONE, EXIT_FAILED

OUT_OF_TIME = "time budget used up"
EXIT_OUT_OF_TIME = 75
"""Work is left, and the same command goes on: sysexits.h calls it a temporary failure."""


class StopFlag:
    """The request to stop a sweep: something sets it, and runners check it.

    Args:
        seconds: the time budget; None: no limit.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.reason: str | None = None
        self.signal: int | None = None
        """The signal that asked for the stop."""
        self.failure: str | None = None
        """Why the sweep cannot go on now, in one line for people."""
        self.wake: Callable[[], None] = lambda: None
        """Called once when a signal asks for the stop, to interrupt a wait."""
        self._deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def requested(self) -> bool:
        """True once trials should stop."""
        over = self._deadline is not None and time.monotonic() >= self._deadline
        if over and self.reason is None:
            self.reason = OUT_OF_TIME
        return self.reason is not None

    def give_up(self, failure: str) -> None:
        """Ask for a stop because nothing works any more; the first failure is kept."""
        self.failure = self.failure or failure
        self.reason = self.reason or failure

    def exit_code(self, *, done: bool, worked: bool = True) -> int:
        """The exit code of a sweep that ends now.

        Args:
            done: whether no work is left. Then it does not matter that something asked for a stop.
            worked: whether at least one trial has not failed.

        Returns:
            0: done. 1: failed. 75: the time budget is used up, and work is left. 128 + n: signal n
            stopped the sweep, and work is left.
        """
        if self.signal is not None and not done:
            return 128 + self.signal
        if self.failure is not None or not worked:
            return EXIT_FAILED
        if done:
            return EXIT_DONE
        return EXIT_OUT_OF_TIME if self.reason == OUT_OF_TIME else EXIT_FAILED
