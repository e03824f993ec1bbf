"""Which Focus layer is best, and which of its options matter.

All options vary together with the learning rate, because the best options may depend on the rate.
An option varies only where it has an effect: NFFT where the response is sampled, carried state
where the filter is a recurrence over more than one bin, sigmoid coefficients up to order 2. Chunks
have 8 or 16 tokens, within the 18 tokens that far recall keeps free of the answer; with longer
chunks attention alone would win. Trials that fall behind are stopped; importances use only the
trials that were not stopped.
"""

from __future__ import annotations

from optuna.distributions import FloatDistribution

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Axis, Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, a lattice filter with its response scaled to norm 1."""
    return far_recall(parameterisation="lattice", gain="l2")


SPACE = Space(
    question="Which Focus layer is best, and which of its knobs matter?",
    base=base,
    axes=(
        choices("model.bin_length", 64, 32, 16, 8),
        choices("model.chunk_length", 16, 8),
        choices("model.order", 1, 2, 3, 4, 6, 8),
        choices(
            "model.parameterisation",
            "sigmoid",
            "lattice",
            when=lambda point: point["model.order"] <= 2,  # above 2, the base's lattice
        ),
        choices("model.filters", 1, 2, 4),
        choices("model.realisation", "recurrence", "sampled"),
        choices(
            "model.carry",
            False,
            True,
            when=lambda point: (
                point["model.realisation"] == "recurrence" and point["model.bin_length"] < 64
            ),
        ),
        choices(
            "model.nfft_factor",
            1,
            2,
            4,
            when=lambda point: point["model.realisation"] == "sampled",
        ),
        Axis(
            key="train.learning_rate",
            distribution=FloatDistribution(low=1e-3, high=1e-2, log=True),
        ),
    ),
    seeds=3,
    trials=40,
    sampler="tpe",
    pruner="median",
)
