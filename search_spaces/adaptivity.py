"""How often the filters must change, and whether it is used that they do.

The coupled bank has its Theta fixed, once in a bin of 32 to 1 tokens (from the bin before), or for
every token (from the token itself); one bin of 64 would be the fixed bank. Every arm that adapts
also reports ``theta_mean``: its score with Theta replaced by its mean. Where that costs nothing the
adaptivity is not used, whatever the arm scores. In a prototype's single runs on text, bins of 8
tokens and more lost nothing by it, bins of one token .20 bits, and a Theta per token .44; on far
recall the fixed bank did as well as the others (.85), so what is asked here is also whether this
task needs it.
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
    prune=False,
)
