"""What writes the coefficients: global convolution, pooling, the small network, its start."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

HYPERNETWORK: dict[str, Variant] = {
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
    "hyper_linear": Variant(
        question="does the hypernetwork need a hidden activation?",
        changes={"model.hyper_activation": "linear"},
    ),
    "hyper_tanh": Variant(
        question="does a centred hidden activation help the hypernetwork?",
        changes={"model.hyper_activation": "tanh"},
    ),
    "hyper_relu": Variant(
        question="does an unbounded hidden activation help the hypernetwork?",
        changes={"model.hyper_activation": "relu"},
    ),
    "shared_hypernetwork": Variant(
        question="does each layer need a hypernetwork of its own?",
        changes={"model.hyper_scope": "shared"},
    ),
    "theta_xavier": Variant(
        question="does it matter that the last layer knows what it generates?",
        changes={"model.theta_init": "xavier"},
    ),
    "theta_identity": Variant(
        question="does it help to start with filters that hardly filter?",
        changes={"model.theta_init": "identity"},
    ),
    "theta_mid": Variant(
        question="does it help to start all filters at Theta = 1/2?",
        changes={"model.theta_init": "mid"},
    ),
    "first_half": Variant(
        question="does the first bin need a learned filter? (Theta = 1/2 there)",
        changes={"model.first_bin": "half"},
    ),
    "first_zero": Variant(
        question="does the first bin need a filter at all?",
        changes={"model.first_bin": "zero"},
    ),
}
