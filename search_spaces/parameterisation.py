"""Which coefficients and which gain are best.

Sigmoid coefficients of order 2 reach a quarter of the stable filters, all of them high-pass. With
ek the coefficients fall. Polar has one complex pole pair. Lattice and triangle reach every stable
filter. The gain scales the norm of the impulse response, the response to a constant, or the largest
response to 1. In prototypes signed coefficients were .02 to .04 bits better on text, and the gain
made no difference.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, four bins, order 2."""
    return far_recall()


SPACE = Space(
    question="Which coefficients are best, and at which gain?",
    base=base,
    axes=(
        choices("model.parameterisation", "sigmoid", "ek", "polar", "triangle", "lattice"),
        choices("model.gain", "none", "l2", "dc", "peak"),
    ),
    seeds=3,
    trials=None,
    sampler="grid",
    pruner=None,
)
