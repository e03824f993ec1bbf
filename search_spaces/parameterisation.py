"""Which coefficients, and how loud.

Sigmoid coefficients of order 2 reach a quarter of the stable ones, all of them high-pass; ek makes
them fall; polar has one complex pole pair; lattice and triangle reach every stable filter. The gain
scales the impulse response's norm, the response to a constant, or the largest response to 1.
Prototypes saw signed coefficients .02 to .04 bits ahead on text, and nothing from the gain.
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
    prune=False,
)
