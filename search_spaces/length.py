"""Whether one layer keeps its score over longer sequences and gaps.

The coupled bank carries its state over any length, with initial time constants of 1.5 to 30 tokens.
The queried key does not occur in the last 18 or 50 tokens. The sequences have 64 to 256 tokens:
twice to eight times the longest initial time constant.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall with the coupled bank, Theta per token."""
    return far_recall(filter="coupled", filters=2)


SPACE = Space(
    question="Does one layer hold what it learns over longer sequences and gaps?",
    base=base,
    axes=(
        choices("task.length", 64, 128, 256),
        choices("task.gap", 18, 50),
    ),
    seeds=3,
    trials=None,
    sampler="grid",
    pruner=None,
)
