"""Whether filters of a higher order pay.

Sigmoid coefficients are always stable up to order 2 only, lattice ones at every order; so orders 1
and 2 come in both and higher ones as a lattice. Impulse responses are scaled to norm 1, or higher
orders would also be louder. A prototype saw order 1 somewhat above order 2 on far recall (.85
against .79): nothing says that more is better.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, four bins, a lattice filter by exact recurrence."""
    return far_recall(parameterisation="lattice", gain="l2")


SPACE = Space(
    question="Do filters of a higher order pay?",
    base=base,
    axes=(
        choices("model.order", 1, 2, 3, 4, 6, 8),
        choices(
            "model.parameterisation",
            "sigmoid",
            "lattice",
            when=lambda point: point["model.order"] <= 2,  # above it, the base's lattice
        ),
    ),
    seeds=5,
    trials=None,
    sampler="grid",
    prune=False,
)
