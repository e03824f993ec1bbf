"""Does the folder of an export give the trained network? It is loaded, and both are asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from focus_core.errors import require
from focus_core.tools.exported import Shape, load
from focus_core.tools.exported_plugin import Needed
from focus_core.training.network import SequenceModel

LONGEST = 64
"""Inputs of the sequences that are tried: a difference shows in any of them."""


def check_whole(folder: Path, net: SequenceModel, shape: Shape, plugins: Sequence[Needed]) -> None:
    """Require that the folder gives the outputs of ``net``.

    It may not where a mixer from outside keeps numbers that no state dict has.

    Raises:
        UserError: it gives others.
    """
    words = [str(folder / each.file) if each.file else each.name for each in plugins if each.mixer]
    loaded = load(folder, plugin=words[0] if words else None)
    inputs_BL = _inputs(shape)
    with torch.no_grad():
        one, other = net(inputs_BL), loaded(inputs_BL)
    require(
        torch.allclose(one, other, equal_nan=True),
        f"the weights of {net.config.mixer} alone do not give the trained network: what its "
        "constructor draws must be a parameter or a persistent buffer, and its forward must not "
        "draw; train it again so",
    )


def _inputs(shape: Shape) -> Tensor:
    """Two sequences that the network can read."""
    random, length = torch.Generator().manual_seed(0), min(shape.max_length, LONGEST)
    if shape.vocab_size is not None:
        return torch.randint(shape.vocab_size, (2, length), generator=random)
    channels = [shape.channels] * (shape.channels > 1)
    return torch.randn(2, length, *channels, generator=random)
