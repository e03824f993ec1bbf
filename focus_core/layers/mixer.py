"""The interface of every sequence mixer: from the residual stream to the residual stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn


class Mixer(nn.Module):
    """A module built from its system's resolved config and the longest sequence in tokens.

    ``mixer(x_BLD, e_BNDO) -> x_BLD`` includes the norm and the residual. e_BNDO is the output of
    the module from ``read_before``, or None if there is no such module. A sequence may have any
    length up to the longest: a mixer that pads does so at the end, and cuts the padding off. A
    mixer that can run token by token also has ``initial_state(batch)`` and
    ``step(x_BD, e_BNDO, state) -> (x_BD, state)``.
    """

    @staticmethod
    def read_before(model: Any, max_length: int) -> nn.Module | None:  # noqa: ARG004
        """A module that reads the embedded tokens once, before all blocks, for every mixer."""
        return None

    @staticmethod
    def join(mixers: Sequence[Mixer], model: Any, max_length: int) -> None:
        """Make the mixers of all layers share their common parts."""
