"""Whether one layer holds what it learns over longer sequences.

The coupled bank carries its state over any length, with time constants of 1.5 to 30 tokens at the
start. The queried key stays away from the last 18 or 50 tokens, in sequences of 64 to 256: twice
the state's longest memory, and eight times.
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
    prune=False,
)
