"""The parts of a network, by their classes."""

from __future__ import annotations

from focus_core.systems.focus.mixer import FocusMixer
from focus_core.training.network import Block, FeedForward, SequenceModel
from tests.narrowing import kind


def blocks_of(net: SequenceModel) -> list[Block]:
    return [kind(Block, block) for block in net.blocks]


def focus_of(net: SequenceModel, layer: int = 0) -> FocusMixer:
    """The Focus mixer of a layer."""
    return kind(FocusMixer, blocks_of(net)[layer].mixer)


def feed_forward_of(block: Block) -> FeedForward:
    return kind(FeedForward, block.feed_forward)
