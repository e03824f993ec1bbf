"""The precision of a network's products: float32, TF32 or bfloat16.

Weights, their gradients, the optimiser's moments and the loss are float32 in each of them. The
certificates are float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

BACKENDS: Any = torch.backends
PLACES = (BACKENDS.cuda.matmul, BACKENDS.cudnn.conv)
"""Torch's settings of float32 matrix products and convolutions on a GPU."""


@contextmanager
def float32_products(precision: str) -> Iterator[None]:
    """Within, a GPU may round the inputs of float32 products only with ``tf32``.

    Torch's defaults are mixed: they allow it in convolutions, and not in matrix products.
    """
    before = [place.fp32_precision for place in PLACES]
    try:
        for place in PLACES:
            place.fp32_precision = "tf32" if precision == "tf32" else "ieee"
        yield
    finally:
        for place, was in zip(PLACES, before, strict=True):
            place.fp32_precision = was


def logits_of(
    net: nn.Module, inputs: tuple[Any, ...], device: torch.device, precision: str
) -> Tensor:
    """The network's output, in float32 or more; with ``bf16`` its products are bfloat16."""
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        logits: Tensor = net(*inputs)
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
