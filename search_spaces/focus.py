"""Which Focus layer is best, and which of its knobs matter.

All knobs at once, with the learning rate: what is best at one rate need not be at another. A knob
varies only where it has an effect: NFFT where the response is sampled, carried state where the
filter is a recurrence over more than one bin, sigmoid coefficients up to order 2. Chunks stay at 8
or 16 tokens, within the 18 that far recall keeps free of the answer: with longer ones attention
alone would win. Trials that fall behind are stopped; importances use only those that were not.
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
            when=lambda point: point["model.order"] <= 2,  # above it, the base's lattice
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
    prune=True,
)
