"""Whether a bank of filters is better than one.

A bank sums F filters of one order. The hypernetwork gives each filter its own coefficients. Single
runs of a prototype learned far recall more slowly with four filters than with one (.44 and .27
against .79). Therefore the space asks whether a bank helps at all, and whether this depends on the
coefficients. Filters with sigmoid coefficients are all high-pass, and so is their sum; filters with
lattice coefficients need not be high-pass.
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
    pruner=None,
)
