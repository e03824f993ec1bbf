"""The driver's watchdog: it notices that Ray itself is gone, which ``Tuner.fit`` does not notice.

After a raylet or a GCS was killed, ``fit`` waits for ever, or Ray aborts this process after a
minute. On this machine the watchdog looks at Ray's processes (``RayProcesses.lost``). A cluster's
servers listen on TCP ports: a server that accepts no connection for a while counts as dead.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

from sweeps.driving.own_process import takes_locks

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
"""The time without an answer after which Ray counts as dead."""
UNWIND_SECONDS = 5.0
"""The time in which the main thread must return from Ray's calls."""
Address = tuple[str, int]


class RayLostError(BaseException):
    """Ray itself is gone. Not an Exception: Tune would catch it, try to clean up, and wait."""


class Watchdog:
    """Raises ``RayLostError`` inside its ``with`` block once Ray is gone.

    The main thread must enter the block, because Python's signals arrive there.

    Args:
        lost: says in words which part of Ray is dead; None while all is well. An exception of
            ``lost`` is ignored: it proves neither life nor death.
        stuck: called from the watchdog's thread when the main thread does not return from Ray's
            calls.
        patience: for how many seconds ``lost`` must find a death before Ray counts as dead.
    """

    def __init__(
        self,
        lost: Callable[[], str | None],
        stuck: Callable[[str], object],
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._look = lost
        self._stuck = stuck
        self._patience = patience
        self._lost: str | None = None
        self._ended = threading.Event()
        self._turn = threading.RLock()  # the handler may interrupt itself
        """Exactly one of two threads takes this lock for good and closes the open resources: the
        main thread if it returned, otherwise the watchdog (``stuck``).
        """
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGUSR2, self._raise)
        self._unraisable_before = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._turn.acquire()  # if the watchdog has it, wait: ``stuck`` ends this process
        self._thread.join()  # it may be sending SIGUSR2, which ends a process without a handler
        signal.signal(signal.SIGUSR2, self._before)
        sys.unraisablehook = self._unraisable_before
        if isinstance(error, Exception):  # Ray's death may be the cause, not yet noticed
            lost = None
            with suppress(Exception):
                lost = self._look()
            if lost is not None:
                raise RayLostError(describe(lost)) from None

    def _watch(self) -> None:
        dead_since: float | None = None
        while not self._ended.wait(LOOK_SECONDS):
            try:
                lost = self._look()
            except Exception:  # noqa: BLE001  it proves neither life nor death
                continue
            if lost is None:
                dead_since = None
                continue
            dead_since = dead_since or time.monotonic()
            if time.monotonic() - dead_since >= self._patience:
                self._lost = describe(lost)
                if not self._call_back() and self._turn.acquire(blocking=False):
                    self._stuck(self._lost)
                return

    def _call_back(self) -> bool:
        """Signal the main thread until it returns from Ray's calls; whether it returned.

        The signal is repeated because Ray may swallow the exception.
        """
        deadline = time.monotonic() + UNWIND_SECONDS
        while time.monotonic() < deadline:
            os.kill(os.getpid(), signal.SIGUSR2)
            if self._ended.wait(LOOK_SECONDS):
                return True
        return False

    def _raise(self, _number: int, frame: FrameType | None) -> None:
        if takes_locks(frame):
            return  # an exception here would leave the lock taken; the signal comes again
        if self._lost is not None and not self._ended.is_set():
            with self._turn:  # if the watchdog has it, the main thread waits here
                raise RayLostError(self._lost)

    def _unraisable(self, unraisable: Any) -> None:
        """Print no ``RayLostError`` of a finaliser: Python drops it, and the signal comes again."""
        if not isinstance(unraisable.exc_value, RayLostError):
            self._unraisable_before(unraisable)


def describe(lost: str) -> str:
    """Say in one line for people that Ray is gone."""
    return f"Ray is gone: {lost}; what ran is marked killed, and the same command goes on"


class Answering:
    """The servers that must accept connections."""

    def __init__(self, places: Mapping[str, Address]) -> None:
        """``places`` are the servers' addresses by the servers' names."""
        self._places = places

    def lost(self) -> str | None:
        """Say in words which server does not answer; None when all answer."""
        for name, place in self._places.items():
            if not answers(place):
                return f"its {name} at {place[0]}:{place[1]} does not answer any more"
        return None


def answers(place: Address) -> bool:
    """Whether a server accepts a connection at ``place``."""
    try:
        with socket.create_connection(place, timeout=LOOK_SECONDS):
            return True
    except OSError:
        return False


def places_of_ray() -> dict[str, Address]:
    """The servers that this process needs: the cluster's GCS, and the raylet of this node."""
    import ray

    context = ray.get_runtime_context()
    host, _, port = context.gcs_address.rpartition(":")
    node: dict[str, Any] = next(n for n in ray.nodes() if n["NodeID"] == context.get_node_id())
    return {
        "raylet": (node["NodeManagerAddress"], node["NodeManagerPort"]),
        "GCS": (host.strip("[]"), int(port)),
    }
