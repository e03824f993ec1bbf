"""A signal that asks for a stop leaves no lock of ``logging`` taken."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from typing import NoReturn

import pytest

from sweeps.driving import own_process
from sweeps.driving.own_process import OwnProcess
from sweeps.driving.stopping import StopFlag


class Woken(BaseException):
    pass


def wake() -> None:
    raise Woken


def log_without_pause() -> NoReturn:
    while True:
        logging.getLogger("a name")


def is_free_after_a_signal() -> bool:
    """The main thread logs without pause when the signal comes."""
    stopping = StopFlag()
    stopping.wake = wake
    process = OwnProcess(stopping, called=True)
    process.catch_signals()
    sender = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGTERM))
    sender.start()
    try:
        with pytest.raises(Woken):
            log_without_pause()
    finally:
        process.release_signals()
        sender.join()
    lock = logging._lock  # type: ignore[attr-defined]
    free: list[bool] = []

    def try_lock() -> None:
        free.append(lock.acquire(timeout=0.5))
        if free[-1]:
            lock.release()

    other = threading.Thread(target=try_lock)
    other.start()
    other.join()
    while lock._is_owned():
        lock.release()
    return free == [True]


def test_what_logging_calls_is_under_its_lock_too() -> None:
    found: list[bool] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(own_process.takes_locks(sys._getframe()))

    logger = logging.Logger("a name of ours")
    logger.addHandler(Handler())
    logger.error("a line")
    assert found == [True]
    assert not own_process.takes_locks(sys._getframe())  # control


def test_no_lock_stays_taken() -> None:
    assert all(is_free_after_a_signal() for _ in range(20))


def test_without_the_guard_a_lock_stays_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(own_process, "takes_locks", lambda frame: False)
    assert not all(is_free_after_a_signal() for _ in range(200))
