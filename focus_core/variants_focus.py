"""Ablations of the Focus layer: its coefficients, wiring, hypernetwork and coupled family."""

from __future__ import annotations

from focus_core.config import Scalar
from focus_core.variant import Variant

COUPLED: dict[str, Scalar] = {"model.filter": "coupled", "model.filters": 2}

FOCUS_VARIANTS: dict[str, Variant] = {
    "ek": Variant(
        question="do the paper's coefficients do better made to fall (Enestroem and Kakeya)?",
        changes={"model.parameterisation": "ek"},
    ),
    "triangle": Variant(
        question="does it help to reach every stable filter of order 2?",
        changes={"model.parameterisation": "triangle"},
    ),
    "polar": Variant(
        question="does one complex pole pair, radius and angle apart, do better?",
        changes={"model.parameterisation": "polar"},
    ),
    "adaptive_ema": Variant(
        question="do moving averages do, when the hypernetwork writes their rates?",
        changes={"model.parameterisation": "ema", "model.order": 1, "model.gain": "dc"},
    ),
    "cascade": Variant(
        question="do two filters of order 2 in series do better than one?",
        changes={"model.parameterisation": "cascade", "model.order": 4},
    ),
    "dc_gain": Variant(
        question="does a response of 1 to a constant help?",
        changes={"model.gain": "dc"},
    ),
    "peak_gain": Variant(
        question="does a largest response of 1 help?",
        changes={"model.gain": "peak"},
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
    "kv_from_input": Variant(
        question="must keys and values see the filtered sequence?",
        changes={"model.key_from": "input", "model.value_from": "input"},
    ),
    "v_from_input": Variant(
        question="must values see the filtered sequence? (Mega's do not)",
        changes={"model.value_from": "input"},
    ),
    "gates_from_input": Variant(
        question="must the gates see the filtered sequence?",
        changes={"model.gates_from": "input"},
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
    "roll": Variant(
        question="control: the first bin filtered by coefficients computed from the last",
        changes={"model.mode": "paper", "model.first_bin": "roll"},
        causal=False,
    ),
    "ema_conv": Variant(
        question="does a moving average do in the place of the global convolution?",
        changes={"model.global_conv": "ema"},
    ),
    "layer_conv": Variant(
        question="does each layer need a global convolution of its own?",
        changes={"model.global_conv": "layer"},
    ),
    "two_sided_conv": Variant(
        question="control: a kernel of 2 L taps in 2 L points, a common slip",
        changes={"model.mode": "paper", "model.global_conv": "two_sided"},
        causal=False,
    ),
    "filters_only": Variant(
        question="what do the filters do without attention?",
        changes={"model.attention": "none"},
    ),
    "skip": Variant(
        question="does it help to give the filters a way past?",
        changes={"model.filter_skip": True},
    ),
    "short_conv": Variant(
        question="does a short convolution in front of the filters do part of their work?",
        changes={"model.short_conv": 4},
    ),
    "coupled": Variant(
        question="Theta per token: complex poles, state carried, times spread, channels mixed",
        changes={**COUPLED},
    ),
    "coupled_static": Variant(
        question="the same poles, fixed: is it the adaptivity that helps?",
        changes={**COUPLED, "model.theta": "static"},
    ),
    "coupled_bins": Variant(
        question="the same, Theta once in a bin of 16 tokens: how often must it change?",
        changes={**COUPLED, "model.theta": "bin"},
    ),
    "coupled_full": Variant(
        question="the same with a full map across channels: is rank 16 too narrow?",
        changes={**COUPLED, "model.theta_rank": None},
    ),
    "coupled_real": Variant(
        question="the same with real poles: is the angle needed?",
        changes={**COUPLED, "model.poles": "real"},
    ),
    "coupled_even": Variant(
        question="the same with equal time constants at the start: must they be spread?",
        changes={
            **COUPLED,
            "model.time_min": 7.0,
            "model.time_max": 7.0,
        },
    ),
    "coupled_short_conv": Variant(
        question="the same behind a short convolution: do the gains add?",
        changes={**COUPLED, "model.short_conv": 4},
    ),
}
