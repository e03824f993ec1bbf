"""When a config field has any effect: where it has none, it is no part of a trial's identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from focus_core.config import TrialConfig


def mixer_is(*names: str) -> Callable[[TrialConfig], bool]:
    return lambda t: t.model.mixer in names


def is_focus(t: TrialConfig) -> bool:
    return t.model.mixer == "focus"


def has_bank(t: TrialConfig) -> bool:
    return is_focus(t) and t.model.filter in ("adaptive", "static")


def is_adaptive(t: TrialConfig) -> bool:
    return is_focus(t) and t.model.filter == "adaptive"


def has_several_bins(t: TrialConfig) -> bool:
    return has_bank(t) and t.model.bin_length < t.task.length


def is_generated(t: TrialConfig) -> bool:
    return is_adaptive(t) and t.model.bin_length * t.model.theta_shift < t.task.length


def is_in_frequency(t: TrialConfig) -> bool:
    return has_bank(t) and t.model.realisation != "recurrence"


def is_convolved(t: TrialConfig) -> bool:
    return is_generated(t) and t.model.global_conv != "none"


def averages(t: TrialConfig) -> bool:
    return t.model.mixer == "mega" or (is_focus(t) and t.model.filter == "ema")


def convolves_shortly(t: TrialConfig) -> bool:
    filtered = is_focus(t) and t.model.filter == "shortconv"
    return filtered or t.model.mixer in ("hyena", "shortconv")
