"""The small network that writes the coefficients, and its initial values."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

HYPERNETWORK: dict[str, Variant] = {
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
    # On far recall with four bins and two layers, the first bin's filter cannot affect an answer.
    # There first_half and first_zero train exactly as the base does.
    "first_half": Variant(
        question="does the first bin need a learned filter? (Theta = 1/2 there)",
        changes={"model.first_bin": "half"},
    ),
    "first_zero": Variant(
        question="does the first bin need a filter at all?",
        changes={"model.first_bin": "zero"},
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
}
