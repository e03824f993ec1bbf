"""Milliseconds of each recurrence, each kind of kernels side by side: ``benchmarks/kernels.py``.

Rounds go through all kinds in turn, so that a busy moment of the machine hits them alike. A figure
is the fastest round, with the median beside it. One addition of two tensors of the same size stands
beside them: it reads and writes as much memory as a recurrence must at least. One thread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from result import publish, read_command
from torch import Tensor

from focus_core.kernels import loops
from focus_core.kernels.choice import Kernels
from focus_core.layers.convolution import convolve

SHAPES = ((1024, 256), (4096, 64))
"""Steps and lanes; every step has coefficients of its own, as Theta of a token has."""
ORDERS = (1, 2, 4, 8)
RADIUS = 0.999
TAPS = 16
"""Steps of a bin, and taps of the sampled filter of each bin and lane."""
SLOW = 10  # the loops of torch run in every tenth round
Work = Callable[[], object]


def main() -> None:
    """Measure and publish."""
    args = read_command(__doc__, rounds=100)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    kinds: dict[str, Kernels] = {"loops": loops, "numba": compiled()}
    rows = []
    for T, G in SHAPES:
        works = {"addition": addition(T, G)}
        for kind, kernels in kinds.items():
            for order in ORDERS:
                name = f"order {order}"
                for part, work in order_p(kernels, order, T, G).items():
                    works[f"{name}, {part}, {kind}"] = work
            for part, work in complex_poles(kernels, T, G).items():
                works[f"complex, {part}, {kind}"] = work
        for part, work in one_pass(T, G).items():
            works[f"bank from logits, {part}, numba"] = work
        for name, work in few_taps(T, G).items():
            works[f"{TAPS} taps, {name}"] = work
        rows += rows_of(f"{T} x {G}", rounds(works, args.rounds))
    notes = [
        f"{args.rounds} rounds, all in turn (loops: a tenth of them), each after one to warm up; "
        "float32, one thread",
        "shape: steps x lanes; the coefficients change at every step",
        "x: times the fastest addition of two tensors of that shape, in the same run",
        "complex: w, and real and imaginary part of the poles, are given; two states come out",
        "bank from logits: sigmoid, sine, cosine, gain, recurrence and mix, as `coupled` runs them",
        f"{TAPS} taps: the convolution of each bin with its sampled filter; `loops` are transforms",
        "a published figure for 256 rows of 1,024 steps, forward and backward, on another machine "
        "(philtorch): order 1 3.2 ms, order 2 11.4 ms, complex 4.4 ms",
    ]
    publish("Milliseconds of a recurrence", rows, notes, args.out)


def compiled() -> Kernels:
    """Numba's kernels; this benchmark is about them."""
    from focus_core.kernels import compiled as found

    return found


def addition(T: int, G: int) -> Work:
    """One addition into a tensor that is there already."""
    x_TG, y_TG, z_TG = torch.randn(3, T, G)
    return lambda: torch.add(x_TG, y_TG, out=z_TG)


def order_p(kernels: Kernels, order: int, T: int, G: int) -> dict[str, Work]:
    """The recurrence of this order, forward, and forward and backward."""
    w, grad, a = torch.randn(T, 1, G), torch.randn(T, 1, G), torch.rand(order, T, G) / order

    def both() -> object:
        return kernels.recur_backward(grad, kernels.recur_forward(w, a), a)

    return {"forward": lambda: kernels.recur_forward(w, a), "both": both}


def complex_poles(kernels: Kernels, T: int, G: int) -> dict[str, Work]:
    """The complex recurrence, forward, and forward and backward."""
    w, grad_u, grad_v = torch.randn(3, T, G)
    pole = torch.polar(RADIUS * torch.rand(T, G), 3 * torch.rand(T, G))
    poles = pole.real.contiguous(), pole.imag.contiguous()

    def both() -> object:
        states = kernels.complex_forward(w, *poles)
        return kernels.complex_backward((grad_u, grad_v), states, poles)

    return {"forward": lambda: kernels.complex_forward(w, *poles), "both": both}


def one_pass(T: int, G: int) -> dict[str, Work]:
    """A bank of two filters, of one sequence, from the logits of every token."""
    from focus_core.kernels.bank import bank_backward, bank_forward

    s_NBIH, mix_IH = torch.randn(T, 1, 2, G), torch.randn(2, G)
    x_LBD, grad_LBD = torch.randn(2, T, 1, G // 2)
    how: dict[str, Any] = {"bin_length": 1, "radius": RADIUS}

    def both() -> object:
        _, kept = bank_forward(s_NBIH, x_LBD, mix_IH, **how)
        return bank_backward(grad_LBD, x_LBD, mix_IH, kept, **how)

    def forward() -> tuple[Tensor, Any]:
        return bank_forward(s_NBIH, x_LBD, mix_IH, **how)

    return {"forward": forward, "both": both}


def few_taps(T: int, G: int) -> dict[str, Work]:
    """The convolution of every bin with taps of its own: by transforms, and tap by tap."""
    from focus_core.kernels.taps import taps_backward, taps_forward

    x_GR, h_GR = torch.randn(2, T // TAPS * G, TAPS)
    grad_GR, x_RG, h_RG = torch.randn_like(x_GR), x_GR.T.contiguous(), h_GR.T.contiguous()
    grad_RG = grad_GR.T.contiguous()

    def transforms() -> object:
        inputs = (x_GR.requires_grad_(), h_GR.requires_grad_())
        return torch.autograd.grad(convolve(*inputs), inputs, grad_GR)

    def both() -> object:
        taps_forward(x_RG, h_RG)
        return taps_backward(grad_RG, x_RG, h_RG)

    return {
        "forward, loops": lambda: convolve(x_GR.detach(), h_GR.detach()),
        "both, loops": transforms,
        "forward, numba": lambda: taps_forward(x_RG, h_RG),
        "both, numba": both,
    }


def rounds(works: dict[str, Work], number: int) -> dict[str, list[float]]:
    """Milliseconds of each work in each round, each time after one to warm the caches."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(number):
        for name, work in works.items():
            if name.endswith("loops") and turn % SLOW:
                continue
            work()
            began = time.perf_counter()
            work()
            found[name].append(1000 * (time.perf_counter() - began))
    return found


def rows_of(shape: str, found: dict[str, list[float]]) -> list[dict[str, str]]:
    """A row for each recurrence: a column for each kind."""
    best = {name: min(times) for name, times in found.items()}
    one = best["addition"]
    rows = [_row(shape, "addition", "", {"numba": found["addition"]}, one)]
    rows[0]["numba"], rows[0]["numba x"] = f"{one:.3f}", "1"
    seen = dict.fromkeys(name.rpartition(", ")[0] for name in found if name != "addition")
    for name in seen:
        kinds = {k: found[f"{name}, {k}"] for k in ("loops", "numba") if f"{name}, {k}" in found}
        what, part = name.split(", ")
        rows.append(_row(shape, what, part, kinds, one))
    return rows


def _row(
    shape: str, what: str, part: str, kinds: dict[str, list[float]], one: float
) -> dict[str, str]:
    row = {"shape": shape, "recurrence": what, "pass": part}
    for kind in ("loops", "numba"):
        times = kinds.get(kind)
        row[kind] = f"{min(times):.3f}" if times else ""
        row[f"{kind} median"] = f"{statistics.median(times):.3f}" if times else ""
        row[f"{kind} x"] = f"{min(times) / one:.1f}" if times else ""
    return row


if __name__ == "__main__":
    main()
