"""A process that compiles a kernel and one that loads it from numba's cache: the same digits.

A trial begun in the one and resumed in the other must go on bit for bit.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.focus_core.recurrences import NO_NUMBA

pytestmark = pytest.mark.skipif(NO_NUMBA, reason="numba is not installed (extra `fast`)")

PRINT_DIGITS = """
import hashlib
import torch
from focus_core.kernels.bank import bank_backward, bank_forward

torch.manual_seed(0)
s_NBIH, x_LBD, mix_IH = torch.randn(4, 2, 2, 48), torch.randn(60, 2, 24), torch.randn(2, 48)
settings = {"bin_length": 16, "radius": 0.99}
y_LBD, kept = bank_forward(s_NBIH, x_LBD, mix_IH, **settings)
grads = bank_backward(torch.randn(60, 2, 24), x_LBD, mix_IH, kept, **settings)
for numbers in (y_LBD, *kept, *grads):
    print(hashlib.sha256(numbers.numpy().tobytes()).hexdigest())
"""
ROUNDED_TWICE = """
from focus_core.kernels import compiled
compiled.OPTIONS["fastmath"] = False
"""


def digits(program: str, cache: Path) -> list[str]:
    """What a new process prints; ``cache`` is the folder of numba's compiled code."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout.split()


def test_the_first_process_computes_the_digits_of_later_ones(tmp_path: Path) -> None:
    first = digits(PRINT_DIGITS, tmp_path)
    assert any(tmp_path.rglob("*.nbc"))  # later processes load it
    assert digits(PRINT_DIGITS, tmp_path) == first
    assert len(first) == 6


def test_negative_control_another_rounding_is_seen(tmp_path: Path) -> None:
    rounded_once = digits(PRINT_DIGITS, tmp_path / "once")
    assert digits(ROUNDED_TWICE + PRINT_DIGITS, tmp_path / "twice") != rounded_once
