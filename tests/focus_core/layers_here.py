"""Small layers, and sequences for them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from focus_core import FocusLayer
from focus_core.tools.layer import Layer

WIDTH = 8
SMALL: dict[str, Any] = {"bin_length": 5, "chunk_length": 4, "filters": 2, "max_length": 60}


def focus_layer(**options: Any) -> Layer:
    """A Focus layer in evaluation mode; its weights are those of seed 0."""
    torch.manual_seed(0)
    layer: Layer = FocusLayer(WIDTH, **(SMALL | options)).eval()
    return layer


def draw(batch: int, length: int, width: int = WIDTH) -> Tensor:
    """The same numbers at every call, (B, L, D)."""
    return torch.randn(batch, length, width, generator=torch.Generator().manual_seed(1))


def stepped(layer: Layer, x_BLD: Tensor) -> Tensor:
    """The outputs of ``step``, (B, L, D)."""
    state, rows = layer.initial_state(len(x_BLD)), []
    for x_BD in x_BLD.unbind(1):
        y_BD, state = layer.step(x_BD, state)
        rows.append(y_BD)
    return torch.stack(rows, dim=1)
