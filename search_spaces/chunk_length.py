"""How much of the score comes from the window of attention.

Attention sees one chunk. On far recall nothing of the answer is within 18 tokens of the query. With
chunks of 8 or 16 tokens, the filters must carry all information. With 32 tokens, the window alone
could answer most queries, and with 64 tokens all queries (the report's local-window ceiling has the
exact share). The filters carried what an arm scores above its ceiling. Single runs of a prototype
reached 1.00 with one chunk of 64 tokens, and .79 with chunks of 16.
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
    pruner=None,
)
