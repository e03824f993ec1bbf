"""Processes whose names are no text, and programs that print such names."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SET_NAME = 15  # PR_SET_NAME in linux/prctl.h
LONGEST = 15  # bytes of a name
CUT = "a sweep caf\u00e9 \u20ac\u20ac".encode()[:LONGEST]
"""A name cut inside a letter, as the kernel cuts it."""
NAMES = (
    *(
        CUT,
        b"caf\xe9",
        b"\xff\xfe\xfd",
        b")",
        b"(",
        b") Z 1 (",
        b"a) S 1 1",
        b" ",
        b"\n",
        b"a\nb 1 2",
    ),
    *(b"raylet", b"gcs_server)", b"\x1b[31m", b"\xc3", b"\x80" * 15, b"\xf0\x9f\x98"),
)
CHILD = f"""
import ctypes, sys, time
name = bytes.fromhex(sys.argv[1])
assert ctypes.CDLL(None).prctl({SET_NAME}, name, 0, 0, 0) == 0
print(flush=True)
time.sleep(600)
"""


def random_names(seed: int, count: int) -> list[bytes]:
    """Of any bytes but NUL, which ends a name; brackets and spaces are common."""
    rng = random.Random(seed)
    bytes_of_names = [*range(1, 256), *b"()() \n\t"]
    return [bytes(rng.choices(bytes_of_names, k=rng.randint(1, LONGEST))) for _ in range(count)]


@contextmanager
def named(names: Sequence[bytes]) -> Iterator[dict[int, bytes]]:
    """Processes of these names, by their pids, until the block ends."""
    words = [sys.executable, "-S", "-c", CHILD]
    started = [
        subprocess.Popen([*words, name.hex()], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name in names
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == b"\n", process.communicate()
        yield {process.pid: name for process, name in zip(started, names, strict=True)}
    finally:
        for process in started:
            process.kill()
            process.communicate()


def program(folder: Path, name: str, prints: bytes) -> str:
    """A program called ``name`` that prints these bytes; a PATH on which it comes first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.out").write_bytes(prints)
    (folder / name).write_text(f'#!/bin/sh\ncat "{folder}/{name}.out"\n')
    (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
