"""What the watchdog's look raises ends nothing; what closing Ray raises changes no exit code."""

from __future__ import annotations

import _imp
import importlib
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NoReturn

import pytest

from sweeps.driving.own_process import OwnProcess
from sweeps.driving.stopping import StopFlag
from sweeps.workers.on_ray import processes, ray_watch, run
from sweeps.workers.on_ray.processes import RayProcesses
from sweeps.workers.on_ray.ray_watch import RayLostError, Watchdog
from tests.sweeps.odd_names import named

ERRORS = (
    *(UnicodeDecodeError("utf-8", b"\xc3", 0, 1, "end"), PermissionError(1, "hidepid")),
    *(OSError(24, "Too many open files"), ValueError("not a row"), RecursionError(), MemoryError()),
)


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ray_watch, "LOOK_SECONDS", 0.01)
    yield
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}


def never(reason: str) -> None:
    pytest.fail(reason)


class Looks:
    """Answers in turn, the last one for ever; an exception is raised."""

    def __init__(self, *answers: BaseException | str | None) -> None:
        self.answers = list(answers)
        self.count = 0

    def __call__(self) -> str | None:
        answer = self.answers[min(self.count, len(self.answers) - 1)]
        self.count += 1
        if isinstance(answer, BaseException):
            raise answer
        return answer


def wait_until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ready()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_the_look_of_the_watchdog_raises_ends_nothing(error: Exception) -> None:
    looks = Looks(error)
    with Watchdog(looks, never, patience=0):
        wait_until(lambda: looks.count > 5)
    with pytest.raises(KeyError, match="bug"), Watchdog(looks, never):
        raise KeyError("bug")  # looked once more at the end


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("patience", [0, 0.05])
def test_the_watchdog_goes_on_looking_and_finds_ray_lost(seed: int, patience: float) -> None:
    """Negative control of the test above, too."""
    rng = random.Random(seed)
    looks = Looks(*rng.choices([*ERRORS, None], k=rng.randint(1, 9)), "its raylet has ended")
    with (
        pytest.raises(RayLostError, match="its raylet has ended"),
        Watchdog(looks, never, patience=patience),
    ):
        wait_until(lambda: False)
    assert looks.count >= len(looks.answers)


def test_a_look_that_raises_is_no_death_however_long() -> None:
    """Patience counts from the first look that saw death, not from the last that saw life."""
    looks = Looks(*[ERRORS[0]] * 10, "dead", None)
    with Watchdog(looks, never, patience=0.05):
        wait_until(lambda: looks.count > 15)


def raises(*_: object) -> NoReturn:
    raise ConnectionError("caf\udcc3: Ray's own words")


def test_what_closing_ray_raises_is_swallowed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ray = types.ModuleType("ray")
    monkeypatch.setattr(ray, "shutdown", raises, raising=False)
    monkeypatch.setitem(sys.modules, "ray", ray)
    found = RayProcesses()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as later:
        found.shut_down()
        assert later.wait() < 0  # killed all the same
    monkeypatch.setattr(processes, "below", raises)
    found.shut_down()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("broken", ["shut_down", "kill", "nothing"])
def test_what_closing_ray_raises_changes_no_exit_code(
    broken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ray = types.ModuleType("ray")
    monkeypatch.setattr(ray, "shutdown", lambda: None, raising=False)
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(run, "start_ray", lambda address, folder: None)
    if broken != "nothing":
        monkeypatch.setattr(RayProcesses, broken, raises)
    done: list[str] = []
    process = OwnProcess(StopFlag())
    run.with_ray(None, process, lambda scratch: done.append("trained"))
    assert (done, process.stopping.failure, process.lost) == (["trained"], None, None)
    said = capsys.readouterr().err
    assert said.startswith("launch.py: warning: Ray may not be closed") == (broken != "nothing")
    assert said.count("\n") == (broken != "nothing")


def test_what_the_work_itself_raises_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(run, "start_ray", lambda address, folder: None)
    monkeypatch.setattr(RayProcesses, "shut_down", raises)
    nothing: dict[str, int] = {}
    with pytest.raises(KeyError):
        run.with_ray(None, OwnProcess(StopFlag()), lambda scratch: nothing["bug"])


def test_a_server_that_had_ended_before_is_none_that_is_lost() -> None:
    """Of an earlier launcher that was killed: nobody has asked yet how it ended."""
    with named([b"raylet"]) as started:
        (pid,) = started
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: processes.below(os.getpid())[pid].ended)
        assert RayProcesses().lost() is None
    found = RayProcesses()
    with named([b"raylet"]) as started:  # negative control
        assert found.lost() is None
        (pid,) = started
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: found.lost() is not None)


def test_what_ends_a_block_leaves_no_lock_of_imports_taken() -> None:
    """Two threads import when Ray is lost: the main thread waits for the lock of all imports."""
    taken = threading.Event()

    def import_something_long() -> None:
        _imp.acquire_lock()
        taken.set()
        time.sleep(ray_watch.LOOK_SECONDS + 0.5)  # until the main thread was called back
        _imp.release_lock()

    def work() -> None:
        with Watchdog(lambda: "its GCS has ended", pytest.fail, patience=0):
            with suppress(ImportError):
                importlib.import_module("a_module_that_is_not_there")
            time.sleep(30)

    other = threading.Thread(target=import_something_long)
    other.start()
    assert taken.wait(10)
    try:
        with pytest.raises(RayLostError):
            work()
        assert not _imp.lock_held()
    finally:
        other.join()
        while _imp.lock_held():
            _imp.release_lock()


class Finaliser:
    """Its finaliser raises ``error``, or lasts until a signal interrupts it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def __del__(self) -> None:
        if self.error is not None:
            raise self.error
        for _ in range(10_000):
            time.sleep(0.001)


def test_a_call_back_in_a_finaliser_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python cannot raise there; it would print a traceback. The signal comes again."""
    printed: list[BaseException | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: printed.append(args.exc_value))
    before = sys.unraisablehook
    own = ValueError("negative control")

    def work() -> None:
        with Watchdog(lambda: "its GCS has ended", pytest.fail, patience=0):
            Finaliser(own)
            Finaliser()
            time.sleep(30)

    with pytest.raises(RayLostError):
        work()
    assert printed == [own]
    assert sys.unraisablehook is before


def test_a_call_back_leaves_no_lock_of_logging_taken() -> None:
    """The main thread logs without pause when Ray is lost."""

    def work() -> None:
        with Watchdog(lambda: "its GCS has ended", pytest.fail, patience=0):
            while True:
                logging.getLogger("a name")

    lock = logging._lock  # type: ignore[attr-defined]
    free: list[bool] = []

    def try_lock() -> None:
        free.append(lock.acquire(timeout=1))
        if free[-1]:
            lock.release()

    for _ in range(20):
        with pytest.raises(RayLostError):
            work()
        other = threading.Thread(target=try_lock)
        other.start()
        other.join()
    assert free == [True] * 20
