"""How coefficients are written, realised, kept stable and scaled."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

PARAMETERISATION: dict[str, Variant] = {
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
