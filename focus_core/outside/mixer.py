"""What the author of a mixer inherits from. B batch, L length, D width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import nn

from focus_core.options.fields import Range


class Mixer(nn.Module):
    """A causal layer of one's own: ``forward`` maps (B, L, D) to (B, L, D).

    The network around it adds the norm before it, the dropout and the residual after it, and the
    feed-forward network. The constructor may ask for ``width`` (D), ``length`` (the longest
    sequence in tokens) and every other option that all models have, such as ``layers``. Every
    further argument is an option with a type and a default: it is swept as ``model.NAME``. The
    initial weights are those that the constructor draws; the seed of the trial decides them.

    A layer that runs token by token also has ``initial_state(batch)`` and
    ``step(x_BD, state) -> (y_BD, state)``. The states after tokens may be any tensors, also in
    tuples.

    Attributes:
        name: the value of ``model.mixer``; empty for the class's name in snake_case.
        ranges: the allowed values of options, by name, such as ``{"rate": FRACTION}``.
        leaks: why the layer sees the future, where it does by intention; such a layer needs
            ``model.mode=paper``, and never wins a table.
    """

    name: ClassVar[str] = ""
    ranges: ClassVar[Mapping[str, Range]] = {}
    leaks: ClassVar[str] = ""

    forward: Any  # the author's own; nn.Module raises NotImplementedError where there is none

    def __init__(self) -> None:
        super().__init__()
