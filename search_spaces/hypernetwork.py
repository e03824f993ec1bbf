"""Which network writes the filters.

The paper's has one hidden layer of sigmoids, which saturate. A linear one is a plain map from
windows to logits: what it loses says what the hidden layer is for. Shared, one network writes the
filters of all layers, from the same embedding: then all layers have the same filters.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, four bins."""
    return far_recall()


SPACE = Space(
    question="Which hypernetwork writes the best filters?",
    base=base,
    axes=(
        choices("model.hyper_activation", "sigmoid", "tanh", "relu", "linear"),
        choices("model.hyper_width", 16, 64),
        choices("model.hyper_scope", "layer", "shared"),
    ),
    seeds=3,
    trials=None,
    sampler="grid",
    prune=False,
)
