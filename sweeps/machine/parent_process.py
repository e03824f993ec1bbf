"""End a process with the process that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with(caller: int, number: signal.Signals) -> None:
    """On Linux, send this process ``number`` when ``caller`` ends, even by ``kill -9``.

    The kernel counts the thread that started this process: its end counts as the caller's.

    Args:
        caller: the process that started this one; this one ends now if that is gone already.
        number: the signal to send.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != caller:
            sys.exit(128 + number)
