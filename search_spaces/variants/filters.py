"""What filters the sequence: which coefficients, how they are realised and kept stable."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

FILTERS: dict[str, Variant] = {
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
    "shortconv_filter": Variant(
        question="does a filter of four taps do as well?", changes={"model.filter": "shortconv"}
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
    "sampled": Variant(
        question="what does sampling the response at NFFT = 2 R points cost?",
        changes={"model.realisation": "sampled"},
    ),
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
}
