"""How the Focus layer compares with its rivals at equal size.

Every arm gets the feed-forward width at which it has as many parameters as the reference, within
1 %. The widths are computed from the base, so they are right for every base that ``--set`` makes;
``--dry-run`` shows them. S4 and S4D have two arms each: one in the Focus layer's frame, and one
without a feed-forward network, as in their papers (``s4_bare`` and ``s4d_bare``). The bare arms
have seven layers, the number that comes nearest to the reference's size at this base;
``--dry-run`` shows how far they are off. Every arm is trained at three learning rates, to its full
budget, with the same seeds. The report shows each arm at the rate that validation chose, because
systems need different rates. ``--set train.learning_rate=0.003`` trains each arm once, at that
rate.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import VARIANT, Space, choices

ARMS = (
    "base",
    "focus_h",
    "no_filter",
    "ema",
    "short_conv_filter",
    "sliding",
    "flash_transformer",
    "transformer",
    "transformer_xl",
    "gpt2",
    "mega",
    "s4",
    "s4d",
    "hyena",
    "short_conv",
    "coupled",
    "coupled_static",
    "coupled_real",
    "coupled_short_conv",
    # without a feed-forward network
    "s4_bare",
    "s4d_bare",
)
"""A new arm goes to the end, so that earlier sweeps are the start of later ones."""


def base() -> TrialConfig:
    """Far recall of 64 tokens: strict, adaptive, four bins, exact recurrence."""
    return far_recall()


SPACE = Space(
    question="How does the Focus layer compare with its rivals at equal size?",
    base=base,
    axes=(
        choices(VARIANT, *ARMS),
        choices("train.learning_rate", 1e-3, 3e-3, 1e-2, tuned=True),
    ),
    seeds=5,
    trials=None,
    sampler="grid",
    pruner=None,
    equal_size=True,
)
