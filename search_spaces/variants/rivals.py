"""Other layers in the place of Focus, each in its own frame."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

RIVALS: dict[str, Variant] = {
    "flash_transformer": Variant(
        question="the rival: a Transformer block with full causal attention",
        changes={"model.mixer": "flash_transformer"},
    ),
    "transformer": Variant(
        question="control: the rival with every score written out, the same function",
        changes={"model.mixer": "transformer"},
    ),
    "transformer_xl": Variant(
        question="the rival: segments that read the one before them",
        changes={"model.mixer": "transformer_xl"},
    ),
    "gpt2": Variant(
        question="the rival: learned positions, GELU, a tied head", changes={"model.mixer": "gpt2"}
    ),
    "mega": Variant(
        question="the rival that Focus is made from: a moving average and gated attention",
        changes={"model.mixer": "mega"},
    ),
    "s4": Variant(
        question="the rival: a linear state space, HiPPO's", changes={"model.mixer": "s4"}
    ),
    "s4d": Variant(
        question="the rival: a diagonal linear state space", changes={"model.mixer": "s4d"}
    ),
    "s4_bare": Variant(
        question="the rival in its paper's frame: no feed-forward network, more layers",
        changes={"model.mixer": "s4", "model.feed_forward": False, "model.layers": 7},
    ),
    "s4d_bare": Variant(
        question="the rival in its paper's frame: no feed-forward network, more layers",
        changes={"model.mixer": "s4d", "model.feed_forward": False, "model.layers": 7},
    ),
    "hyena": Variant(
        question="the rival: gated convolutions whose taps a network writes",
        changes={"model.mixer": "hyena"},
    ),
    "short_conv": Variant(
        question="control: no attention and no filter, four tokens at a time",
        changes={"model.mixer": "short_conv"},
    ),
}
