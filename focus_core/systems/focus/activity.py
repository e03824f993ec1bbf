"""Conditions under which an option of the Focus layer has an effect.

An option without effect is not part of a trial's identity. Each function takes the resolved model
and the task.
"""

from __future__ import annotations

from typing import Protocol

from focus_core.options.task import TaskConfig


class Options(Protocol):
    """The options that decide on others. ``FocusOptions`` has them; its module imports this one."""

    @property
    def attention(self) -> str: ...

    @property
    def bin_length(self) -> int: ...

    @property
    def filter(self) -> str: ...

    @property
    def global_conv(self) -> str: ...

    @property
    def layers(self) -> int: ...

    @property
    def oversampling(self) -> int: ...

    @property
    def realisation(self) -> str: ...

    @property
    def theta(self) -> str: ...

    @property
    def theta_shift(self) -> int: ...


def has_bank(m: Options, _: TaskConfig) -> bool:
    """In adaptive and static filters."""
    return m.filter in ("adaptive", "static")


def is_adaptive(m: Options, _: TaskConfig) -> bool:
    """In adaptive filters."""
    return m.filter == "adaptive"


def has_several_bins(m: Options, t: TaskConfig) -> bool:
    """In adaptive and static filters over more than one bin."""
    return has_bank(m, t) and m.bin_length < t.length


def has_static_bins(m: Options, t: TaskConfig) -> bool:
    """In static filters over more than one bin."""
    return has_several_bins(m, t) and m.filter == "static"


def is_generated(m: Options, t: TaskConfig) -> bool:
    """In adaptive filters, where a bin comes after those without a hypernetwork."""
    return is_adaptive(m, t) and m.bin_length * m.theta_shift < t.length


def is_in_frequency(m: Options, t: TaskConfig) -> bool:
    """In adaptive and static filters that are no recurrence."""
    return has_bank(m, t) and m.realisation != "recurrence"


def is_convolved(m: Options, t: TaskConfig) -> bool:
    """In adaptive filters whose hypernetwork has a global convolution."""
    return is_generated(m, t) and m.global_conv not in ("none", "ema")


def is_coupled(m: Options, _: TaskConfig) -> bool:
    """In coupled filters."""
    return m.filter == "coupled"


def is_coupled_adaptive(m: Options, t: TaskConfig) -> bool:
    """In coupled filters that are not static."""
    return is_coupled(m, t) and m.theta != "static"


def filters_the_input(m: Options, _: TaskConfig) -> bool:
    """In layers with a filter."""
    return m.filter != "none"


def has_recursive_filters(m: Options, t: TaskConfig) -> bool:
    """In adaptive, static and coupled filters."""
    return has_bank(m, t) or is_coupled(m, t)


def has_bins(m: Options, t: TaskConfig) -> bool:
    """In adaptive and static filters, and in coupled filters that change from bin to bin."""
    return has_bank(m, t) or (is_coupled(m, t) and m.theta == "bin")


def attends(m: Options, _: TaskConfig) -> bool:
    """In layers with attention."""
    return m.attention != "none"


def has_filtered_attention(m: Options, t: TaskConfig) -> bool:
    """In layers with a filter and attention."""
    return filters_the_input(m, t) and attends(m, t)


def has_wide_windows(m: Options, t: TaskConfig) -> bool:
    """In adaptive filters that pool windows of more than one token."""
    return is_generated(m, t) and m.oversampling < m.bin_length


def has_several_hypernetworks(m: Options, t: TaskConfig) -> bool:
    """In adaptive filters of more than one layer, coupled ones too."""
    return (is_adaptive(m, t) or is_coupled_adaptive(m, t)) and m.layers > 1


def has_first_bin(m: Options, t: TaskConfig) -> bool:
    """In adaptive filters that are computed from an earlier bin."""
    return is_adaptive(m, t) and m.theta_shift > 0


def averages(m: Options, t: TaskConfig) -> bool:
    """In moving averages, also that of the hypernetwork."""
    return m.filter == "ema" or (is_generated(m, t) and m.global_conv == "ema")


def convolves_shortly(m: Options, _: TaskConfig) -> bool:
    """Where a short convolution stands in the filter's place."""
    return m.filter == "short_conv"
