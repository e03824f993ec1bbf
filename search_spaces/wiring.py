"""Where the filtered sequence has to enter.

In the Focus layer keys, values and gates read the filter's output and queries its input; in Mega
values read the input. Each of the three is rewired, alone and together; all three at once would
leave the filter unread, and is no arm. A prototype lost .12 bits of text with gates from the input,
and nothing with keys and values from it.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens, four bins."""
    return far_recall()


SPACE = Space(
    question="Which of keys, values and gates must read the filtered sequence?",
    base=base,
    axes=(
        choices("model.key_from", "filtered", "input"),
        choices("model.value_from", "filtered", "input"),
        choices(
            "model.gates_from",
            "filtered",
            "input",
            when=lambda point: "filtered" in (point["model.key_from"], point["model.value_from"]),
        ),
    ),
    seeds=5,
    trials=None,
    sampler="grid",
    prune=False,
)
