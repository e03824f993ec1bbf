"""The parts of a network."""

from __future__ import annotations

from typing import Any

from focus_core.training.network import Block, FeedForward, SequenceModel
from tests.narrowing import kind


def blocks_of(net: SequenceModel) -> list[Block]:
    return [kind(Block, block) for block in net.blocks]


def mixer_of(net: SequenceModel, layer: int = 0) -> Any:
    """The mixer of a layer: what it has depends on its system."""
    return net.blocks[layer].mixer


def feed_forward_of(net: SequenceModel, layer: int = 0) -> FeedForward:
    return kind(FeedForward, blocks_of(net)[layer].feed_forward)
