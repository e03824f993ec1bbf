"""The network around a mixer."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Frame(NamedTuple):
    """The network around a mixer, and its default sizes.

    A rival is compared as its paper has it: GPT-2 comes with learned positions, GELU and a tied
    head. The default is the frame of the Focus layer; a mixer without a network of its own stands
    in it too.

    Attributes:
        activation: of the feed-forward network.
        post_norm: a norm after every residual sum, none before and none at the end.
        tied_head: the head's weights are the embedding's, where tokens in and out are the same.
        head_bias: the head has a bias.
        scaled_embedding: embedded tokens are multiplied by sqrt(width).
        small_residuals: what writes into the residual stream starts smaller in a deep network.
        learned_positions: a learned vector for every position is added to the embedded token.
        chunked: attention does not look out of a chunk.
        ffn_ratio: feed-forward width over width.
        key_share: width over key width.
        value_ratio: value width over width.
        taps: of its short convolution.
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
