"""Changes of what attention reads, and of the parts around the filters."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

WIRING: dict[str, Variant] = {
    "sliding": Variant(
        question="do the edges of chunks matter? (every token sees the last M instead)",
        changes={"model.sliding": True},
    ),
    "kv_from_input": Variant(
        question="must keys and values see the filtered sequence?",
        changes={"model.key_from": "input", "model.value_from": "input"},
    ),
    "v_from_input": Variant(
        question="must values see the filtered sequence? (Mega's do not)",
        changes={"model.value_from": "input"},
    ),
    "gates_from_input": Variant(
        question="must the gates see the filtered sequence?",
        changes={"model.gates_from": "input"},
    ),
    "filters_only": Variant(
        question="what do the filters do without attention?",
        changes={"model.attention": "none"},
    ),
    "skip": Variant(
        question="does it help to give the filters a way past?",
        changes={"model.filter_skip": True},
    ),
    "short_conv_in_front": Variant(
        question="does a short convolution in front of the filters do part of their work?",
        changes={"model.short_conv": 4},
    ),
}
