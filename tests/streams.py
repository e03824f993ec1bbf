"""Standard streams as a program may find them: closed, full, or left by their reader."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Said(NamedTuple):
    """What a program answered; an empty text where nobody could read it."""

    code: int
    out: str
    err: str


def _left_pipe() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def _left_terminal() -> int:
    master, slave = pty.openpty()
    os.close(master)
    return slave


def _full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


STREAMS: dict[str, Callable[[], int]] = {
    "a reader who left": _left_pipe,
    "a terminal that hung up": _left_terminal,
    "a full disk": _full_disk,
}
CLOSED = {"stdin": "<&-", "stdout": ">&-", "stderr": "2>&-"}


@contextmanager
def stream(name: str) -> Iterator[int]:
    """The descriptor of such a stream."""
    number = STREAMS[name]()
    try:
        yield number
    finally:
        os.close(number)


def ask(
    words: list[str],
    *,
    closed: tuple[str, ...] = (),
    streams: Mapping[str, int] | None = None,
    folder: Path = ROOT,
    timeout: float = 200,
    env: Mapping[str, str] | None = None,
    **environment: str,
) -> Said:
    """Run Python with these words.

    Args:
        words: behind ``python``.
        closed: streams that are not there.
        streams: descriptors for stdout and stderr, instead of what is read here.
        folder: where it runs.
        timeout: seconds.
        env: added to this environment.
        environment: likewise.
    """
    shell = ["sh", "-c", f'exec "$@" {" ".join(CLOSED[name] for name in closed)}', "sh"]
    given: dict[str, int] = {
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        **(streams or {}),
    }
    done = subprocess.run(
        [*(shell if closed else []), sys.executable, *words],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **(env or {}),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
        stdout=given["stdout"],
        stderr=given["stderr"],
    )
    out, err = ((text or b"").decode(errors="replace") for text in (done.stdout, done.stderr))
    return Said(done.returncode, out, err)
