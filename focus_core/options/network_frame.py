"""The network around a mixer."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Frame(NamedTuple):
    """The network around a mixer, and its default sizes.

    A rival has the frame of its paper: GPT-2 has learned positions, GELU and a tied head. The
    default is the frame of the Focus layer; a mixer without a frame of its own uses it too.

    Attributes:
        activation: the activation of the feed-forward network.
        post_norm: a norm follows every residual sum, with no norm before a mixer or at the end.
        tied_head: the head has the embedding's weights, where inputs and outputs are one alphabet.
        head_bias: the head has a bias.
        scaled_embedding: embedded tokens are multiplied by sqrt(width).
        small_residuals: layers that write into the residual stream start smaller in deep networks.
        learned_positions: a learned vector for every position is added to the embedded token.
        chunked: attention does not look out of a chunk.
        ffn_ratio: feed-forward width divided by width.
        key_share: width divided by key width.
        value_ratio: value width divided by width.
        taps: taps of the mixer's short convolution.
    """

    activation: Literal["silu", "gelu", "relu"] = "silu"
    post_norm: bool = False
    tied_head: bool = False
    head_bias: bool = True
    scaled_embedding: bool = False
    small_residuals: bool = False
    learned_positions: bool = False
    chunked: bool = False
    ffn_ratio: int = 2
    key_share: int = 2
    value_ratio: int = 1
    taps: int = 4


OUR_FRAME = Frame()
