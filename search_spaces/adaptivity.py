"""How often the filters must change, and whether the layer uses the change.

The Theta of the coupled bank is fixed, or changes once in a bin of 32 to 1 tokens (computed from
the bin before), or changes at every token (computed from the token itself). One bin of 64 tokens
would be the fixed bank. Every arm that adapts also reports ``theta_mean``: its score with Theta
replaced by the mean of Theta. Where this replacement costs nothing, the arm does not use its
adaptivity, at any score. In single runs of a prototype on text, the replacement cost nothing with
bins of 8 or more tokens, .20 bits with bins of one token, and .44 bits with a Theta per token. On
far recall the fixed bank scored as well as the other arms (.85). Therefore this space also asks
whether this task needs adaptivity.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, two complex pole pairs a channel, state carried."""
    return far_recall(filter="coupled", filters=2)


SPACE = Space(
    question="How often must the filters change, and is it used that they do?",
    base=base,
    axes=(
        choices("model.theta", "static", "bin", "token"),
        choices("model.bin_length", 32, 8, 2, 1, when=lambda point: point["model.theta"] == "bin"),
    ),
    seeds=5,
    trials=None,
    sampler="grid",
    pruner=None,
)
