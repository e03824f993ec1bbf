"""What every sequence mixer is: the residual stream in, the residual stream out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn


class Mixer(nn.Module):
    """Built from the resolved config of its own system, and the longest sequence in tokens.

    ``mixer(x_BLD, e_BNDO) -> x_BLD``, norm and residual inside; e_BNDO is what ``read_before``
    makes, None where it makes nothing. Any length up to the longest: padding is at the end, and cut
    off. A mixer that can be computed token by token also has ``initial_state(batch)`` and
    ``step(x_BD, e_BNDO, state) -> (x_BD, state)``.
    """

    @staticmethod
    def read_before(model: Any, max_length: int) -> nn.Module | None:  # noqa: ARG004
        """What reads the embedded tokens once, before all blocks, for every mixer."""
        return None

    @staticmethod
    def join(mixers: Sequence[Mixer], model: Any, max_length: int) -> None:
        """Let the mixers of all layers share what they have in common."""
