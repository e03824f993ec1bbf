"""How the score changes when the same filter is computed in another way.

The recurrence is exact. Sampling the response at NFFT points wraps the tail of the impulse response
onto its start. The paper's product of transforms (Eq. 4-8) also reverses time within a bin, and
thus sees the future; its arms are shown with their leak, and never ranked. All three realisations
build the same network from the same initial values.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, four bins; paper mode, which allows the literal realisation."""
    return far_recall(mode="paper")


SPACE = Space(
    question="Does it matter how the filter is computed, and does the literal way see ahead?",
    base=base,
    axes=(
        choices("model.realisation", "recurrence", "sampled", "literal"),
        choices(
            "model.nfft_factor",
            1,
            2,
            4,
            when=lambda point: point["model.realisation"] != "recurrence",
        ),
    ),
    seeds=5,
    trials=None,
    sampler="grid",
    pruner=None,
)
