"""Conditions under which an option of the Focus layer has an effect.

An option without effect is not part of a trial's identity. Each function takes the resolved model
and the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig
    from focus_core.systems.focus.config import FocusConfig


def has_bank(m: FocusConfig, _: TaskConfig) -> bool:
    return m.filter in ("adaptive", "static")


def is_adaptive(m: FocusConfig, _: TaskConfig) -> bool:
    return m.filter == "adaptive"


def has_several_bins(m: FocusConfig, t: TaskConfig) -> bool:
    return has_bank(m, t) and m.bin_length < t.length


def has_static_bins(m: FocusConfig, t: TaskConfig) -> bool:
    return has_several_bins(m, t) and m.filter == "static"


def is_generated(m: FocusConfig, t: TaskConfig) -> bool:
    return is_adaptive(m, t) and m.bin_length * m.theta_shift < t.length


def is_in_frequency(m: FocusConfig, t: TaskConfig) -> bool:
    return has_bank(m, t) and m.realisation != "recurrence"


def is_convolved(m: FocusConfig, t: TaskConfig) -> bool:
    return is_generated(m, t) and m.global_conv not in ("none", "ema")


def is_coupled(m: FocusConfig, _: TaskConfig) -> bool:
    return m.filter == "coupled"


def is_coupled_adaptive(m: FocusConfig, t: TaskConfig) -> bool:
    return is_coupled(m, t) and m.theta != "static"


def filters_the_input(m: FocusConfig, _: TaskConfig) -> bool:
    return m.filter != "none"


def has_recursive_filters(m: FocusConfig, t: TaskConfig) -> bool:
    return has_bank(m, t) or is_coupled(m, t)


def has_bins(m: FocusConfig, t: TaskConfig) -> bool:
    return has_bank(m, t) or (is_coupled(m, t) and m.theta == "bin")


def attends(m: FocusConfig, _: TaskConfig) -> bool:
    return m.attention != "none"


def has_filtered_attention(m: FocusConfig, t: TaskConfig) -> bool:
    return filters_the_input(m, t) and attends(m, t)


def has_wide_windows(m: FocusConfig, t: TaskConfig) -> bool:
    return is_generated(m, t) and m.oversampling < m.bin_length


def has_several_hypernetworks(m: FocusConfig, t: TaskConfig) -> bool:
    return (is_adaptive(m, t) or is_coupled_adaptive(m, t)) and m.layers > 1


def has_first_bin(m: FocusConfig, t: TaskConfig) -> bool:
    return is_adaptive(m, t) and m.theta_shift > 0


def averages(m: FocusConfig, t: TaskConfig) -> bool:
    return m.filter == "ema" or (is_generated(m, t) and m.global_conv == "ema")


def convolves_shortly(m: FocusConfig, _: TaskConfig) -> bool:
    return m.filter == "short_conv"
