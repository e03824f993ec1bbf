"""Layers that see the future, as the paper prints them or by a common mistake; never ranked."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

CONTROLS: dict[str, Variant] = {
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
    "roll": Variant(
        question="control: the first bin filtered by coefficients computed from the last",
        changes={"model.mode": "paper", "model.first_bin": "roll"},
        causal=False,
    ),
    "two_sided_conv": Variant(
        question="control: a kernel of 2 L taps in 2 L points, a common slip",
        changes={"model.mode": "paper", "model.global_conv": "two_sided"},
        causal=False,
    ),
}
