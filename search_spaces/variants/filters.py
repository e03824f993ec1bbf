"""What filters the sequence, and whether it adapts and carries its state."""

from __future__ import annotations

from search_spaces.variants.variant import Variant

FILTERS: dict[str, Variant] = {
    "base": Variant(question="the reference: strict, adaptive, exact recurrence"),
    "focus_h": Variant(
        question="Focus-H: do the filters have to adapt?", changes={"model.filter": "static"}
    ),
    "focus_h_per_bin": Variant(
        question="Focus-H with static filters for each bin: does their place do, or the input?",
        changes={"model.filter": "static", "model.static_per": "bin"},
    ),
    "no_filter": Variant(
        question="does chunked attention need a filter?", changes={"model.filter": "none"}
    ),
    "ema": Variant(
        question="does a damped moving average over the whole sequence do as well?",
        changes={"model.filter": "ema"},
    ),
    "short_conv_filter": Variant(
        question="does a filter of four taps do as well?", changes={"model.filter": "short_conv"}
    ),
    "carry": Variant(
        question="does it help to carry the filter state over bins?",
        changes={"model.carry": True},
    ),
}
