"""Which part of the Focus layer does the work.

Every named variant differs from the base in one way; ``search_spaces.variants`` says in which, and
what the comparison answers. Every arm is trained once, to its full budget, with the same seeds, so
that differences are taken seed by seed. Variants that can see the future are shown and never
ranked. In a prototype's single runs static filters and no filter stayed at chance on far recall
(.24 and .23 of .25), while a moving average did as well as the layer (.86 and .87).
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import VARIANT, Space, choices
from search_spaces.variants import VARIANTS


def base() -> TrialConfig:
    """Far recall of 64 tokens: strict, adaptive, four bins, exact recurrence."""
    return far_recall()


SPACE = Space(
    question="Which part of the Focus layer does the work?",
    base=base,
    axes=(choices(VARIANT, *VARIANTS),),
    seeds=5,
    trials=None,
    sampler="grid",
    prune=False,
)
