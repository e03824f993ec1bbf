"""Whether filters of a higher order are better.

Sigmoid coefficients are always stable up to order 2 only; lattice coefficients are stable at every
order. Therefore orders 1 and 2 have both kinds, and higher orders have the lattice. Impulse
responses are scaled to norm 1, because higher orders would also be louder. In a prototype order 1
scored somewhat above order 2 on far recall (.85 against .79), so a higher order need not be better.
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
            when=lambda point: point["model.order"] <= 2,  # above 2, the base's lattice
        ),
    ),
    seeds=5,
    trials=None,
    sampler="grid",
    pruner=None,
)
