"""Run a sweep on Ray for another program, in a separate process.

Ray changes the process that drives it, runs only once in that process and needs its main thread.
Ray ends the process when Ray's servers are gone. A program that calls ``launch.main`` may also use
Ray itself.
"""

from __future__ import annotations

import codecs
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from focus_core.errors import UserError
from focus_core.output import put, tell
from sweeps.driving.own_process import SIGNALS

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import signal, sys
from sweeps import launch
from sweeps.machine.parent_process import end_with
end_with(int(sys.argv.pop(1)), signal.SIGTERM)
sys.exit(launch.main(own_process=True))
"""
END_SECONDS = 60.0
"""A launcher that its caller stops may take so long to end; then it is killed."""


def launch_apart(argv: Sequence[str]) -> int:
    """Run ``launch.py`` with ``argv`` in a new process; returns its exit code.

    The launcher's output appears on the streams of this process as it arrives.

    Raises:
        UserError: the path of the Python interpreter is not known here.
    """
    if not sys.executable:
        raise UserError("a sweep on Ray needs a process of its own: no Python is known here")
    words = [sys.executable, "-c", PROGRAM, str(os.getpid()), *argv]
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    out, err = _inherited(sys.stdout, sys.__stdout__), _inherited(sys.stderr, sys.__stderr__)
    if subprocess.PIPE in (out, err):
        environment["PYTHONIOENCODING"] = "utf-8:backslashreplace"
    # The launcher has its own session: Ctrl-C reaches only this process, which forwards it once.
    with subprocess.Popen(
        words,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        start_new_session=True,
    ) as launcher:
        try:
            with _passing_signals_on(launcher):
                _tell_all(launcher)
                code = launcher.wait()
        except BaseException:
            _end(launcher)
            raise
    return code if code >= 0 else 128 - code


def _inherited(stream: Any, own: Any) -> int | None:
    """The value for ``Popen``: None (inherit), or a pipe where a program replaced the stream."""
    put(stream)
    return None if stream is None or stream is own else subprocess.PIPE


@contextmanager
def _passing_signals_on(launcher: subprocess.Popen[bytes]) -> Iterator[None]:
    """Forward ``SIGNALS`` to the launcher, if this is the main thread: no other can handle them."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in SIGNALS}
    before = {k: v for k, v in before.items() if v not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, lambda number, _frame: launcher.send_signal(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_all(launcher: subprocess.Popen[bytes]) -> None:
    """Print the launcher's output from this thread, until the launcher closes it.

    A notebook shows the output of a thread under the cell that started the thread.
    """
    decoder = codecs.getincrementaldecoder("utf-8")
    with selectors.DefaultSelector() as ready:
        for pipe, is_error in ((launcher.stdout, False), (launcher.stderr, True)):
            if pipe is not None:
                ready.register(pipe, selectors.EVENT_READ, (decoder("replace"), is_error))
        while ready.get_map():
            for key, _ in ready.select():
                read, is_error = key.data
                came = os.read(key.fd, 65536)
                tell(read.decode(came, final=not came), end="", error=is_error)
                if not came:
                    ready.unregister(key.fileobj)


def _end(launcher: subprocess.Popen[bytes]) -> None:
    """Ask the launcher to stop cleanly; kill it after ``END_SECONDS``."""
    launcher.terminate()
    try:
        launcher.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        launcher.kill()
