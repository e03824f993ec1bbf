"""What a network costs: parameters, FLOPs a token, and what a decoder must keep. Analytic."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import torch

from focus_core.layers.work import SHARED, Rows, work
from focus_core.options.model import ModelConfig
from focus_core.systems import SYSTEMS
from focus_core.training.network import SequenceModel, build_model

BYTES = 4
"""Of a number that a decoder keeps: float32."""


class Cost(NamedTuple):
    """The cost of a network at one length and batch size.

    Attributes:
        parameters: numbers that are trained.
        forward: FLOPs a token that torch's counter sees.
        backward: of the backward pass: a product for each factor of a product.
        unseen: FLOPs a token of the forward pass that come on top: FFTs and recurrences. Their
            backward pass takes as many again for an FFT, and twice as many for a recurrence.
        state_bytes: what a decoder must keep after ``length`` tokens of one sequence, in float32.
        state_bytes_per_token: the same over the length: constant for a cache of keys and values,
            falling for a fixed state.
    """

    parameters: int
    forward: float
    backward: float
    unseen: float
    state_bytes: float
    state_bytes_per_token: float


def cost(
    model: ModelConfig,
    *,
    vocab_size: int | None,
    num_outputs: int,
    length: int,
    batch_size: int = 1,
) -> Cost:
    """The cost of a config; nothing is computed and no memory is used for it.

    Args:
        model: the architecture.
        vocab_size: number of different tokens; None for real numbers.
        num_outputs: number of classes at every position.
        length: tokens in a sequence, L.
        batch_size: sequences that share what is computed from parameters alone, B.

    Raises:
        NoRowError: a module without a row.
    """
    with torch.device("meta"):
        net = build_model(model, vocab_size=vocab_size, num_outputs=num_outputs, max_length=length)
    return cost_of(net, length, batch_size)


def cost_of(net: SequenceModel, length: int, batch_size: int = 1) -> Cost:
    """The cost of a network that is built, on sequences of ``length`` tokens.

    Raises:
        NoRowError: a module without a row.
    """
    whole = work(net, length, rows_of(net.config.mixer))
    forward = (whole.matmul + whole.shared / batch_size) / length
    return Cost(
        parameters=sum(p.numel() for p in net.parameters()),
        forward=forward,
        backward=2 * forward,
        unseen=whole.unseen / length,
        state_bytes=BYTES * whole.state,
        state_bytes_per_token=BYTES * whole.state / length,
    )


def rows_of(name: str) -> Rows:
    """What each kind of module in a network of that system costs."""
    own = SYSTEMS[name].cost
    return {**SHARED, **import_module(own).ROWS} if own else SHARED
