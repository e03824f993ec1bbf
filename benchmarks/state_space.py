"""Milliseconds for the taps of S4 and S4D, by ways in turn: ``python benchmarks/state_space.py``.

The plain ways are those of the public code, in float64 as ours: for S4D the whole Vandermonde
matrix, for S4 the generating function at the roots of unity with four Cauchy sums. The generating
function is evaluated without the truncation by A^L, which wraps the taps beyond L around: it costs
the same as the public one, less one solved system, and it is no measure of accuracy. 64 channels of
64 states; forward, and forward with backward; the fastest round of each. One thread, one seed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch
from result import publish, read_command
from torch import Tensor

from focus_core.config import TrialConfig
from focus_core.systems.state_space import S4Config
from focus_core.systems.state_space.kernels import DiagonalKernel, LowRankKernel
from focus_core.training.start import init_weights

Kind = TypeVar("Kind", bound=DiagonalKernel)

LENGTHS = (256, 1024, 4096, 16384)


def vandermonde(kernel: DiagonalKernel, length: int) -> Tensor:
    """All powers of all states at once, and a sum over states."""
    A_S, C_DS = kernel.poles(), torch.view_as_complex(kernel.C_DS2.double())
    exponent_DS = torch.exp(kernel.log_step_D.double())[:, None] * A_S
    power_DSL = torch.exp(exponent_DS[..., None] * torch.arange(length, dtype=torch.float64))
    weight_DS = C_DS * torch.expm1(exponent_DS) / A_S
    return 2 * torch.einsum("ds,dsl->dl", weight_DS, power_DSL).real


def generating_function(kernel: LowRankKernel, length: int) -> Tensor:
    """Four Cauchy sums at half of the roots of unity, and an inverse FFT."""
    A_S = kernel.poles()
    B_S, C_DS, P_S = (
        torch.view_as_complex(t.double()) for t in (kernel.B_S2, kernel.C_DS2, kernel.P_S2)
    )
    K = torch.arange(length // 2 + 1, dtype=torch.float64)
    z_K = torch.polar(torch.full_like(K, 1 - 1e-9), -2 * math.pi * K / length)  # not 1 + z = 0
    s_DK = 2 / torch.exp(kernel.log_step_D.double())[:, None] * (1 - z_K) / (1 + z_K)
    near_DKS, far_DKS = 1 / (s_DK[..., None] - A_S), 1 / (s_DK[..., None] - A_S.conj())

    def cauchy(weight_DS: Tensor) -> Tensor:
        weight_DS1 = weight_DS.expand_as(C_DS)[..., None]
        return (near_DKS @ weight_DS1 + far_DKS @ weight_DS1.conj())[..., 0]

    rank_one_DK = cauchy(C_DS * P_S) * cauchy(P_S.conj() * B_S)
    inverse_DK = cauchy(C_DS * B_S) - rank_one_DK / (1 + cauchy(P_S.conj() * P_S))
    taps_DL: Tensor = torch.fft.irfft(2 / (1 + z_K) * inverse_DK, n=length)
    return taps_DL


def main() -> None:
    """Measure and publish."""
    args = read_command(__doc__, rounds=5, longest=LENGTHS[-1])
    torch.set_num_threads(1)
    rows = []
    for length in (length for length in LENGTHS if length <= args.longest):
        diagonal, low_rank = started(DiagonalKernel, length), started(LowRankKernel, length)
        ways: dict[str, tuple[DiagonalKernel, Callable[[], Tensor]]] = {
            "S4D, Vandermonde": (diagonal, partial(vandermonde, diagonal, length)),
            "S4D, ours": (diagonal, partial(diagonal, length)),
            "S4, generating function": (low_rank, partial(generating_function, low_rank, length)),
            "S4, ours": (low_rank, partial(low_rank, length)),
        }
        forward: dict[str, list[float]] = {name: [] for name in ways}
        both: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(args.rounds):
            for name, (kernel, taps) in ways.items():
                there, whole = milliseconds(kernel, taps)
                forward[name].append(there)
                both[name].append(whole)
        rows += [
            {
                "taps": length,
                "way": name,
                "forward": f"{min(forward[name]):.1f}",
                "with backward": f"{min(both[name]):.1f}",
            }
            for name in ways
        ]
    notes = [
        f"the fastest of {args.rounds} rounds, all ways in turn; one thread, one seed",
        "64 channels, 64 states in 32 conjugate pairs, float64",
    ]
    publish("Milliseconds for the taps of S4 and S4D", rows, notes, args.out)


def started(kind: type[Kind], length: int) -> Kind:
    """A kernel with its initial parameters."""
    model = TrialConfig().override({"model.mixer": "s4"}).resolved_model()
    assert isinstance(model, S4Config)
    kernel = kind(model, length)
    init_weights(kernel, 0)
    return kernel


def milliseconds(kernel: DiagonalKernel, taps: Callable[[], Tensor]) -> tuple[float, float]:
    """Time of the taps, and time until their gradients."""
    kernel.zero_grad()
    started = time.perf_counter()
    taps_DL = taps()
    there = time.perf_counter()
    taps_DL.backward(torch.ones_like(taps_DL))  # type: ignore[no-untyped-call]
    return 1000 * (there - started), 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
