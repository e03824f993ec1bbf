"""When a config field has any effect: where it has none, it is no part of a trial's identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS

if TYPE_CHECKING:
    from focus_core.config import TrialConfig


def reads(field: str) -> Callable[[TrialConfig], bool]:
    """True for a trial whose system reads a field that others do not."""
    return lambda t: field in SYSTEMS[t.model.mixer].reads


def has_feed_forward(t: TrialConfig) -> bool:
    return t.model.feed_forward


def has_several_relative_layers(t: TrialConfig) -> bool:
    return reads("position_bias")(t) and t.model.layers > 1


def classifies(t: TrialConfig) -> bool:
    """The whole sequence is read before anything is answered."""
    return "readout" in TASKS[t.task.name].reads


def is_focus(t: TrialConfig) -> bool:
    return t.model.mixer == "focus"


def has_bank(t: TrialConfig) -> bool:
    return is_focus(t) and t.model.filter in ("adaptive", "static")


def is_adaptive(t: TrialConfig) -> bool:
    return is_focus(t) and t.model.filter == "adaptive"


def has_several_bins(t: TrialConfig) -> bool:
    return has_bank(t) and t.model.bin_length < t.task.length


def has_static_bins(t: TrialConfig) -> bool:
    return has_several_bins(t) and t.model.filter == "static"


def is_generated(t: TrialConfig) -> bool:
    return is_adaptive(t) and t.model.bin_length * t.model.theta_shift < t.task.length


def is_in_frequency(t: TrialConfig) -> bool:
    return has_bank(t) and t.model.realisation != "recurrence"


def is_convolved(t: TrialConfig) -> bool:
    return is_generated(t) and t.model.global_conv not in ("none", "ema")


# The Focus layer, since 0.2.


def is_coupled(t: TrialConfig) -> bool:
    return is_focus(t) and t.model.filter == "coupled"


def is_coupled_adaptive(t: TrialConfig) -> bool:
    return is_coupled(t) and t.model.theta != "static"


def has_filter(t: TrialConfig) -> bool:
    return is_focus(t) and t.model.filter != "none"


def has_filters(t: TrialConfig) -> bool:
    return has_bank(t) or is_coupled(t)


def has_bins(t: TrialConfig) -> bool:
    return has_bank(t) or (is_coupled(t) and t.model.theta == "bin")


def attends_by(field: str) -> Callable[[TrialConfig], bool]:
    """True for a trial whose system reads ``field``, and attends."""
    return lambda t: reads(field)(t) and (not is_focus(t) or has_attention(t))


def has_attention(t: TrialConfig) -> bool:
    return is_focus(t) and t.model.attention != "none"


def has_filtered_attention(t: TrialConfig) -> bool:
    return has_filter(t) and has_attention(t)


def has_wide_windows(t: TrialConfig) -> bool:
    return is_generated(t) and t.model.oversampling < t.model.bin_length


def has_several_hypernetworks(t: TrialConfig) -> bool:
    return (is_adaptive(t) or is_coupled_adaptive(t)) and t.model.layers > 1


def has_first_bin(t: TrialConfig) -> bool:
    return is_adaptive(t) and t.model.theta_shift > 0


def averages(t: TrialConfig) -> bool:
    by_filter = is_focus(t) and t.model.filter == "ema"
    by_hypernetwork = is_generated(t) and t.model.global_conv == "ema"
    return reads("ema_size")(t) or by_filter or by_hypernetwork


def convolves_shortly(t: TrialConfig) -> bool:
    filtered = is_focus(t) and t.model.filter == "shortconv"
    return filtered or reads("taps")(t)
