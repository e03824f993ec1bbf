"""Which of keys, values and gates must read the filtered sequence.

In the Focus layer keys, values and gates read the output of the filter, and queries read its input.
In Mega values read the input. This space rewires keys, values and gates, alone and together. No arm
rewires all three, because nothing would then read the filter. On text, a prototype lost .12 bits
with gates from the input, and nothing with keys and values from the input.
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
    pruner=None,
)
