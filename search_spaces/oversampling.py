"""What the hypernetwork sees of a bin.

A bin of 16 tokens is pooled over 1 to 16 windows. With 16 windows every token is a window, and the
kind of pooling has no effect. With one window Theta is a function of a single number a channel.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, four bins of 16."""
    return far_recall()


SPACE = Space(
    question="How many pooling windows does a bin need, and of which kind?",
    base=base,
    axes=(
        choices("model.oversampling", 1, 2, 4, 8, 16),
        choices(
            "model.pooling",
            "max",
            "avg",
            "last",
            when=lambda point: point["model.oversampling"] < 16,
        ),
    ),
    seeds=3,
    trials=None,
    sampler="grid",
    pruner=None,
)
