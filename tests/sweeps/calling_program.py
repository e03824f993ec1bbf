"""A program that calls the launcher, and looks whether it is as it was: its situation, then words.

Run as a program of its own: ``python calling_program.py thread --space ...``. It prints one line of
JSON: the exit codes, and what was left changed.
"""

from __future__ import annotations

import asyncio
import ctypes
import io
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import optuna
import torch

from sweeps import launch

LOGGERS = ("", "alembic", "mlflow", "optuna", "ray", "ray.tune", "urllib3")
GET_CHILD_SUBREAPER = 37


class Cell(io.TextIOBase):
    """Such as a notebook puts in the place of standard output: no descriptor, no encoding."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)


def umask() -> int:
    now = os.umask(0o22)
    os.umask(now)
    return now


def state() -> dict[str, Any]:
    """What belongs to the whole process."""
    adopts = ctypes.c_int()
    ctypes.CDLL(None).prctl(GET_CHILD_SUBREAPER, ctypes.byref(adopts), 0, 0, 0)
    handlers = {int(s): str(signal.getsignal(s)) for s in signal.valid_signals()}
    ray = sys.modules.get("ray")
    return {
        "variables": dict(os.environ),
        "folder": os.getcwd(),
        "umask": umask(),
        "handlers": handlers,
        "filters": [str(each) for each in warnings.filters],
        "levels": {name: logging.getLogger(name).level for name in LOGGERS},
        "verbosity": optuna.logging.get_verbosity(),
        "threads": torch.get_num_threads(),
        "draws": torch.random.get_rng_state().tolist(),
        "streams": [id(sys.stdout), id(sys.stderr)],
        "adopts": adopts.value,
        "ray": ray is not None and ray.is_initialized(),
    }


def in_a_thread(words: list[str]) -> list[int]:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(launch.main(words)))
    thread.start()
    thread.join()
    return codes


def beside_a_loop(words: list[str]) -> list[int]:
    async def cell() -> int:
        return launch.main(words)

    return [asyncio.run(cell())]


def in_a_notebook(words: list[str]) -> list[int]:
    """A loop runs, and the streams are none of the process's."""
    kept = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = None, Cell(), Cell()
    try:
        codes = beside_a_loop(words)
        shown = sys.stdout.text
        assert "2 complete" in shown, shown + sys.stderr.text
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept
    return codes


def twice(words: list[str]) -> list[int]:
    """In the main thread."""
    return [launch.main(words), launch.main(words)]


def spawned(words: list[str]) -> list[int]:
    process = multiprocessing.get_context("spawn").Process(target=launch.main, args=(words,))
    process.start()
    process.join()
    return [0 if process.exitcode is None else process.exitcode]


SITUATIONS: dict[str, Callable[[list[str]], list[int]]] = {
    "thread": in_a_thread,
    "notebook": in_a_notebook,
    "twice": twice,
    "spawned": spawned,
}


def main() -> None:
    situation, *words = sys.argv[1:]
    if situation.endswith(" with a Ray"):
        os.environ["RAY_AUTH_MODE"] = "disabled"  # Ray would leave a token in the user's home
        import ray

        ray.init(
            address="local",  # another test's may be up
            num_cpus=1,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
        )
    children: list[subprocess.Popen[bytes]] = []
    sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
    later = threading.Timer(2, lambda: children.append(subprocess.Popen(sleep)))
    torch.manual_seed(7)
    before = state()
    later.start()
    codes = SITUATIONS[situation.removesuffix(" with a Ray")](words)
    after = state()
    later.join()
    ended = [child.poll() for child in children]
    for child in children:
        child.kill()
        child.wait()
    changed = {key: [before[key], after[key]] for key in before if before[key] != after[key]}
    print(json.dumps({"codes": codes, "changed": changed, "ended": ended}))


if __name__ == "__main__":
    main()
