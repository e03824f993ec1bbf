"""Why a sweep should stop before it is done: a signal, or its time is over."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType


class StopFlag:
    """Set by SIGINT or SIGTERM, and by the clock; whoever runs trials looks at it.

    Args:
        seconds: the time budget; None for none.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.reason: str | None = None
        self.signal: int | None = None
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

    def catch_signals(self) -> None:
        """From now on SIGINT and SIGTERM ask for a clean stop; a second one is not caught."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.signal = number
        self.reason = f"stopped by {signal.Signals(number).name}"
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.wake()
