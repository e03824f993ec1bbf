"""Whether a sweep should stop before it is done, and why: a signal, the clock, or a failure."""

from __future__ import annotations

import time
from collections.abc import Callable


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
            self.reason = "time budget used up"
        return self.reason is not None

    def give_up(self, failure: str) -> None:
        """Ask for a stop because nothing works any more; the first failure is kept."""
        self.failure = self.failure or failure
        self.reason = self.reason or failure
