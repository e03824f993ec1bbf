"""How much of the score is attention's own window.

Attention sees one chunk. On far recall nothing of the answer lies within 18 tokens of the query:
with chunks of 8 or 16 all must come through the filters, with 32 a window alone could answer most
queries and with 64 all of them (the report's local-window ceiling says how many exactly). What an
arm scores above its ceiling was carried by the filters. A prototype's single run with one chunk of
64 tokens reached 1.00, and .79 with 16.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, four bins, exact recurrence."""
    return far_recall()


SPACE = Space(
    question="How much of the score is attention's own window?",
    base=base,
    axes=(choices("model.chunk_length", 8, 16, 32, 64),),
    seeds=5,
    trials=None,
    sampler="grid",
    prune=False,
)
