"""Which network writes the filters.

The paper's hypernetwork has one hidden layer of sigmoids, which saturate. A linear hypernetwork is
a linear map from windows to logits; its loss of score shows the use of the hidden activation. With
a shared hypernetwork, one network writes the filters of all layers from the same embedding, so that
all layers have the same filters.
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
    pruner=None,
)
