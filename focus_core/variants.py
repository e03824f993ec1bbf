"""The ablations by name: each is one difference from the base, with the promise it makes.

A variant is a set of config fields that the layer reads where it acts; nothing anywhere asks for
a variant's name. ``tests/test_every_variant.py`` holds each to its promise.
"""

from __future__ import annotations

from focus_core.variant import Variant
from focus_core.variants_focus import FOCUS_VARIANTS

__all__ = ["VARIANTS", "Variant"]

VARIANTS: dict[str, Variant] = {
    "base": Variant(question="the reference: strict, adaptive, exact recurrence"),
    "static": Variant(
        question="Focus-H: do the filters have to adapt?", changes={"model.filter": "static"}
    ),
    "static_per_bin": Variant(
        question="Focus-H with static filters for each bin: does their place do, or the input?",
        changes={"model.filter": "static", "model.static_per": "bin"},
    ),
    "no_filter": Variant(
        question="does chunked attention need a filter?", changes={"model.filter": "none"}
    ),
    "ema": Variant(
        question="does a damped moving average over the whole sequence do as well?",
        changes={"model.filter": "ema"},
    ),
    "attention": Variant(
        question="the rival: a Transformer block with full causal attention",
        changes={"model.mixer": "attention"},
    ),
    "carry": Variant(
        question="does it help to carry the filter state over bins?",
        changes={"model.carry": True},
    ),
    "lattice": Variant(
        question="do signed coefficients help? (sigmoid ones reach no low-pass)",
        changes={"model.parameterisation": "lattice", "model.gain": "l2"},
    ),
    "carry_lattice": Variant(
        question="both limits lifted: signed coefficients and carried state",
        changes={
            "model.carry": True,
            "model.parameterisation": "lattice",
            "model.gain": "l2",
        },
    ),
    "no_global_conv": Variant(
        question="does the hypernetwork need the global convolution?",
        changes={"model.global_conv": "none"},
    ),
    "one_window": Variant(
        question="does oversampled pooling (O > 1) matter?", changes={"model.oversampling": 1}
    ),
    "sampled": Variant(
        question="what does sampling the response at NFFT = 2 R points cost?",
        changes={"model.realisation": "sampled"},
    ),
    "circular": Variant(
        question="control: the FFT product without the conjugate, at NFFT = R points",
        changes={
            "model.mode": "paper",
            "model.realisation": "circular",
            "model.nfft_factor": 1,
        },
        causal=False,
    ),
    "zero_padded": Variant(
        question="control: the same at NFFT = 2 R points: padding alone does not make it causal",
        changes={"model.mode": "paper", "model.realisation": "circular"},
        causal=False,
    ),
    "literal": Variant(
        question="the paper's Eq. 4-8 as printed: how much of its score is the future?",
        changes={"model.mode": "paper", "model.realisation": "literal"},
        causal=False,
    ),
    "shift_0": Variant(
        question="control: a bin filtered by coefficients computed from itself",
        changes={"model.mode": "paper", "model.theta_shift": 0},
        causal=False,
    ),
    "circular_conv": Variant(
        question="control: a global convolution without padding",
        changes={"model.mode": "paper", "model.global_conv": "circular"},
        causal=False,
    ),
    "shortconv_filter": Variant(
        question="does a filter of four taps do as well?", changes={"model.filter": "shortconv"}
    ),
    "sliding": Variant(
        question="do the edges of chunks matter? (every token sees the last M instead)",
        changes={"model.sliding": True},
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
    "shortconv": Variant(
        question="control: no attention and no filter, four tokens at a time",
        changes={"model.mixer": "shortconv"},
    ),
    **FOCUS_VARIANTS,
}
