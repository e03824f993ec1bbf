"""Whether a bank of filters is better than one.

A bank sums F filters of one order; every one has coefficients of its own from the hypernetwork. A
prototype's single runs learned far recall more slowly with four filters than with one (.44 and .27
against .79), so the question is whether a bank pays at all, and whether it depends on the
coefficients: sigmoid ones are all high-pass, and a sum of them stays so; lattice ones are not.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, exact recurrence, impulse responses scaled to norm 1."""
    return far_recall(gain="l2")


SPACE = Space(
    question="Is a bank of filters better than one, and for which coefficients?",
    base=base,
    axes=(
        choices("model.filters", 1, 2, 4, 8),
        choices("model.parameterisation", "sigmoid", "lattice"),
    ),
    seeds=5,
    trials=None,
    sampler="grid",
    prune=False,
)
