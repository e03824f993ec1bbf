"""How the Focus layer compares with its rivals at equal size.

Every arm has the reference's number of parameters within 5 percent. ``FFN_WIDTHS`` has the
feed-forward width of each arm that makes this true at the base's task and width (a test builds all
arms and says which width would be right). S4 and S4D have two arms each: one in the Focus layer's
frame, and one without a feed-forward network, as in their papers (``s4_bare`` and ``s4d_bare``,
where seven layers have the same number of parameters). Every arm is trained at three learning
rates, to its full budget, with the same seeds. The report shows each arm at the rate that
validation chose, because systems need different rates. ``--set train.learning_rate=0.003`` trains
each arm once, at that rate.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import VARIANT, Space, choices

FFN_WIDTHS = {
    "base": 128,
    "static": 148,
    "no_filter": 149,
    "ema": 140,
    "shortconv_filter": 146,
    "sliding": 128,
    "attention": 213,
    "transformer": 213,
    "transformer_xl": 185,
    "gpt2": 199,
    "mega": 69,
    "s4": 243,
    "s4d": 244,
    "hyena": 106,
    "shortconv": 307,
    "coupled": 105,
    "coupled_static": 145,
    "coupled_real": 123,
    "coupled_short_conv": 102,
}
"""By variant, the feed-forward width that gives the arm as many parameters as ``base``."""

BARE = ("s4_bare", "s4d_bare")
"""Arms without a feed-forward width; last, so that earlier sweeps are the start of later ones."""


def base() -> TrialConfig:
    """Far recall of 64 tokens: strict, adaptive, four bins, exact recurrence."""
    return far_recall()


SPACE = Space(
    question="How does the Focus layer compare with its rivals at equal size?",
    base=base,
    axes=(
        choices(VARIANT, *FFN_WIDTHS, *BARE),
        choices("train.learning_rate", 1e-3, 3e-3, 1e-2, tuned=True),
    ),
    seeds=5,
    trials=None,
    sampler="grid",
    pruner=None,
    ffn_widths=FFN_WIDTHS,
)
