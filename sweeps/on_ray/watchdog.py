"""In the driver: notices that Ray itself is gone, of which ``Tuner.fit`` never hears.

A raylet or a GCS that was killed leaves ``fit`` waiting for ever, or aborts this process after a
minute. On this machine they are processes of ours (``RayProcesses.lost``); those of a cluster
listen on TCP ports: one that takes no connection for a while is dead.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
"""So long nobody answered before Ray counts as dead."""
UNWIND_SECONDS = 5.0
"""So long the main thread may take to come out of Ray's calls."""
Address = tuple[str, int]


class RayLostError(BaseException):
    """Ray itself is gone. Not an Exception: Tune would try to clean up, and wait."""


class Watchdog:
    """While its block lasts, ``RayLostError`` is raised in it once Ray is gone.

    Must be entered in the main thread, where Python's signals arrive.

    Args:
        lost: says in words what of Ray is dead; None while all is well. What it raises says
            nothing.
        stuck: called from another thread when the main thread does not come out of Ray's calls.
        patience: so many seconds nothing but death was seen.
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
        """Who has it closes what is open: the main thread, come back, or ``stuck``; never both."""
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGUSR2, self._raise)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._turn.acquire()  # not ours any more? Then ``stuck`` ends this process
        self._thread.join()  # it may just be calling back: unheard, that call ends a process
        signal.signal(signal.SIGUSR2, self._before)
        if isinstance(error, Exception):  # perhaps of Ray's death, a little earlier
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
            except Exception:  # noqa: BLE001  then nothing is known, neither life nor death
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
        """Whether the main thread came out of Ray's calls; told often, for Ray may swallow it."""
        deadline = time.monotonic() + UNWIND_SECONDS
        while time.monotonic() < deadline:
            os.kill(os.getpid(), signal.SIGUSR2)
            if self._ended.wait(LOOK_SECONDS):
                return True
        return False

    def _raise(self, _number: int, frame: FrameType | None) -> None:
        if _imports(frame):
            return  # the lock of all imports would stay taken for ever; the call is repeated
        if self._lost is not None and not self._ended.is_set():
            with self._turn:  # once ``stuck`` has it, the main thread stays here
                raise RayLostError(self._lost)


def _imports(frame: FrameType | None) -> bool:
    """Whether ``frame`` is of Python's own machinery of imports, which takes locks."""
    return frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")


def describe(lost: str) -> str:
    """One line for people."""
    return f"Ray is gone: {lost}; what ran is marked killed, and the same command goes on"


class Answering:
    """What must take connections."""

    def __init__(self, places: Mapping[str, Address]) -> None:
        """``places`` by their names."""
        self._places = places

    def lost(self) -> str | None:
        """Which of them does not, in words; None when all do."""
        for name, place in self._places.items():
            if not answers(place):
                return f"its {name} at {place[0]}:{place[1]} does not answer any more"
        return None


def answers(place: Address) -> bool:
    """Whether somebody takes a connection there."""
    try:
        with socket.create_connection(place, timeout=LOOK_SECONDS):
            return True
    except OSError:
        return False


def places_of_ray() -> dict[str, Address]:
    """What this process cannot do without: the cluster's GCS, and the raylet of this node."""
    import ray

    context = ray.get_runtime_context()
    host, _, port = context.gcs_address.rpartition(":")
    node: dict[str, Any] = next(n for n in ray.nodes() if n["NodeID"] == context.get_node_id())
    return {
        "raylet": (node["NodeManagerAddress"], node["NodeManagerPort"]),
        "GCS": (host.strip("[]"), int(port)),
    }
