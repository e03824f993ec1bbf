"""When a config field has any effect: where it has none, it is no part of a trial's identity."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from focus_core.config import TrialConfig

WHEN = "when"
LATER = "later"
SPELLINGS = ("bins", "chunks", "nfft_factor")  # resolved into bin_length, chunk_length, nfft


def option(
    default: Any, *, when: Callable[[TrialConfig], bool] | None = None, later: bool = False
) -> Any:
    """A config field.

    ``when`` says under which trial the field has any effect; elsewhere it is left out of the
    identity. ``later=True`` marks a field added after release: it is left out of the identity
    while it has its default, so that old trial ids stay.
    """
    return dataclasses.field(default=default, metadata={WHEN: when, LATER: later})


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
