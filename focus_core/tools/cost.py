"""The analytic cost of a network: parameters, FLOPs a token, and the memory of a decoder."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import torch

from focus_core.layers.module_cost import SHARED, Rows, work
from focus_core.options.model import ModelConfig
from focus_core.systems import SYSTEMS
from focus_core.training.network import SequenceModel, build_model

BYTES = 4
"""Size of a number that a decoder keeps: float32."""


class Cost(NamedTuple):
    """The cost of a network at one length and batch size.

    Attributes:
        parameters: number of trained numbers.
        forward: FLOPs a token of the forward pass that torch's counter sees.
        backward: FLOPs a token of the backward pass: one product for each factor of a product.
        unseen: further FLOPs a token of the forward pass: FFTs and recurrences. The backward pass
            needs the same number again for an FFT, and twice the number for a recurrence.
        state_bytes: bytes that a decoder must keep after ``length`` tokens of one sequence, in
            float32.
        state_bytes_per_token: ``state_bytes`` divided by the length: constant for a cache of keys
            and values, falling for a fixed state.
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
    """The cost of a config; the network is built without computation or memory for its weights.

    Args:
        model: the architecture.
        vocab_size: number of different tokens; None for real numbers.
        num_outputs: number of classes at every position.
        length: tokens in a sequence, L.
        batch_size: sequences that share the work that depends on parameters alone, B.

    Raises:
        NoRowError: a module has no row.
    """
    with torch.device("meta"):
        net = build_model(model, vocab_size=vocab_size, num_outputs=num_outputs, max_length=length)
    return cost_of(net, length, batch_size)


def cost_of(net: SequenceModel, length: int, batch_size: int = 1) -> Cost:
    """The cost of a built network, on sequences of ``length`` tokens.

    Raises:
        NoRowError: a module has no row.
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
    """The cost of each kind of module in a network of the system ``name``."""
    own = SYSTEMS[name].cost
    return {**SHARED, **import_module(own).ROWS} if own else SHARED
