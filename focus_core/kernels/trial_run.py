"""Whether kernels compute on this machine what the loops do: asked once before they are used.

Triton's kernels were written without a GPU, and what Triton makes of them depends on its version,
the driver and the card.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from focus_core.kernels import loops

TOLERANCE = 1e-4
"""Of the largest number; the numbers are float32, and past outputs fade."""


def disagreement(kernels: Any, device: str) -> str:
    """Why these kernels must not be used, in a few words; empty if they agree with the loops.

    Args:
        kernels: a module like ``loops``.
        device: the type of the device that they run on.
    """
    try:
        found, expected = _results(kernels, device), _results(loops, device)
    except Exception as error:  # noqa: BLE001  a compiler or a driver raises anything
        return f"fail here ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
    for name, results in expected.items():
        for x, y in zip(found[name], results, strict=True):
            if not torch.allclose(x, y, rtol=0, atol=TOLERANCE * float(y.abs().max())):
                return f"differ here from torch's loops ({name})"
    return ""


def _results(kernels: Any, device: str) -> dict[str, tuple[Tensor, ...]]:
    """Everything that kernels compute, for three bins of seven steps and 40 lanes."""
    random = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random).to(device)

    N, R, G = 3, 7, 40
    found: dict[str, tuple[Tensor, ...]] = {}
    for P in (1, 2, 3):
        a_PNG, w_NRG, grad_NRG = 0.2 * draw(P, N, G), draw(N, R, G), draw(N, R, G)
        y_NRG = kernels.recur_forward(w_NRG, a_PNG)
        back = kernels.recur_backward(grad_NRG, loops.recur_forward(w_NRG, a_PNG), a_PNG)
        found[f"order {P}"] = (y_NRG, *back)
    w_TG, a_TG, b_TG = draw(N * R, G), 0.5 * draw(N * R, G), 0.5 * draw(N * R, G)
    states = loops.complex_forward(w_TG, a_TG, b_TG)
    grads = (draw(N * R, G), draw(N * R, G))
    back = kernels.complex_backward(grads, states, (a_TG, b_TG))
    found["complex"] = (*kernels.complex_forward(w_TG, a_TG, b_TG), *back)
    return found
