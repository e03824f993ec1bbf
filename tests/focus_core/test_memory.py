from __future__ import annotations

import torch

from focus_core.training.memory import peak_bytes, reset_peak

CPU = torch.device("cpu")
MIB = 2**20


def test_the_peak_starts_again_for_every_trial() -> None:
    reset_peak(CPU)
    before = peak_bytes(CPU)
    large = torch.ones(64 * MIB // 4)
    assert large.sum() > 0
    assert peak_bytes(CPU) >= before + 48 * MIB
    del large
    reset_peak(CPU)
    assert peak_bytes(CPU) <= before + 32 * MIB
