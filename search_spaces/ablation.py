"""Which part of the Focus layer does the work.

Every named variant differs from the base in one way; ``search_spaces.variants`` says in which, and
what the comparison answers. Every arm is trained once, to its full budget, with the same seeds, so
that differences are taken seed by seed. Variants that can see the future are shown and never
ranked. All of them at once pay for sixty comparisons: the spaces ``ablation_filters`` ... ask the
same in families of at most a dozen arms, which five seeds decide.
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
    """A table of arms: the base and these variants, five seeds each.

    Args:
        question: what it answers.
        variants: by name; the base comes first, named or not.
        families: the spaces that ask the same in parts.
    """
    names = dict.fromkeys(["base", *variants])
    return Space(
        question=question,
        base=base,
        axes=(choices(VARIANT, *names),),
        seeds=5,
        trials=None,
        sampler="grid",
        prune=False,
        families=tuple(families),
    )


SPACE = arms(
    "Which part of the Focus layer does the work?",
    VARIANTS,
    families=[f"ablation_{name}" for name in FAMILIES],
)
