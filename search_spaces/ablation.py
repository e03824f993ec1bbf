"""Which part of the Focus layer does the work.

Every named variant is one difference from the base. ``search_spaces.variants`` has the difference
and the question that the comparison answers. Every arm is trained once, to its full budget, with
the same seeds, so that the analysis takes differences seed by seed. Variants that can see the
future are shown and never ranked. This space corrects for sixty comparisons. The spaces
``ablation_filters`` ... ask the same question in families of at most a dozen arms, which five seeds
can decide.
"""

from __future__ import annotations

from collections.abc import Iterable

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import VARIANT, Space, choices
from search_spaces.variants import FAMILIES, VARIANTS


def base() -> TrialConfig:
    """Far recall of 64 tokens: strict, adaptive, four bins, exact recurrence."""
    return far_recall()


def arms(question: str, variants: Iterable[str], *, families: Iterable[str] = ()) -> Space:
    """Build a space with the base and these variants as arms, five seeds each.

    Args:
        question: the question that the space answers.
        variants: the names of the variants; the base always comes first.
        families: the spaces that ask the same question in parts.
    """
    names = dict.fromkeys(["base", *variants])
    return Space(
        question=question,
        base=base,
        axes=(choices(VARIANT, *names),),
        seeds=5,
        trials=None,
        sampler="grid",
        pruner=None,
        families=tuple(families),
    )


SPACE = arms(
    "Which part of the Focus layer does the work?",
    VARIANTS,
    families=[f"ablation_{name}" for name in FAMILIES],
)
