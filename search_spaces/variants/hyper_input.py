"""What the hypernetwork reads: the global convolution, and the pooling after it."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

HYPER_INPUT: dict[str, Variant] = {
    "no_global_conv": Variant(
        question="does the hypernetwork need the global convolution?",
        changes={"model.global_conv": "none"},
    ),
    "ema_conv": Variant(
        question="does a moving average do in the place of the global convolution?",
        changes={"model.global_conv": "ema"},
    ),
    "layer_conv": Variant(
        question="does each layer need a global convolution of its own?",
        changes={"model.global_conv": "layer"},
    ),
    "one_window": Variant(
        question="does oversampled pooling (O > 1) matter?", changes={"model.oversampling": 1}
    ),
    "pool_avg": Variant(
        question="means in the place of maxima: does the pooling matter?",
        changes={"model.pooling": "avg"},
    ),
    "pool_last": Variant(
        question="the last step of each window alone: does the pooling matter?",
        changes={"model.pooling": "last"},
    ),
    "pool_lse": Variant(
        question="log-mean-exp in the place of maxima: does the pooling matter?",
        changes={"model.pooling": "lse"},
    ),
}
