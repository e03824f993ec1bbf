"""The Focus layer (arXiv 2305.14952): what it reads and promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.systems.focus.rules import check
from focus_core.systems.system import Frame, System

if TYPE_CHECKING:
    from focus_core.config import ModelConfig


def leaks(model: ModelConfig) -> tuple[str, ...]:
    """Why this layer can see the future; empty for a causal one."""
    if model.filter not in ("adaptive", "static"):
        return ()
    found = []
    if model.realisation == "literal":
        found.append("realisation=literal (Eq. 6 conjugates: time-reversed within a bin)")
    if model.realisation == "circular":
        found.append("realisation=circular (what rings on comes back at the bin's start)")
    if model.filter == "adaptive" and model.theta_shift == 0:
        found.append("theta_shift=0 (a bin's filter is computed from the bin itself)")
    if model.filter == "adaptive" and model.global_conv == "circular":
        found.append("global_conv=circular (the end of the sequence wraps to its start)")
    if model.filter == "adaptive" and model.global_conv == "two_sided":
        found.append("global_conv=two_sided (taps beyond the length are negative lags)")
    if model.filter == "adaptive" and model.theta_shift and model.first_bin == "roll":
        found.append("first_bin=roll (the first bin's filter is computed from the last bin)")
    return tuple(found)


def first_seen(model: ModelConfig, position: int) -> int:
    """The first token in attention's window; what a filter carries is not counted."""
    M = model.chunk_length
    return max(0, position - model.layers * (M - 1)) if model.sliding else position // M * M


def why_no_step(model: ModelConfig) -> str:
    """Why the layer cannot be computed token by token; empty where it can."""
    if leaks(model):
        return f"what comes later is needed: {leaks(model)[0]}"
    if model.filter == "adaptive" and model.global_conv not in ("none", "ema"):
        return (
            f"model.global_conv={model.global_conv} is as long as the sequence, and needs all of "
            "it again for every token; use model.global_conv=ema or none"
        )
    if model.filter == "static" and model.static_per == "bin":
        return "model.static_per=bin has filters for the bins of a training sequence, and no others"
    if model.filter in ("adaptive", "static") and model.realisation != "recurrence":
        return f"model.realisation={model.realisation} filters whole bins; use recurrence"
    return ""


FOCUS = System(
    mixer="focus_core.systems.focus.mixer:FocusMixer",
    cost="focus_core.systems.focus.cost",
    numbers="focus_core.systems.focus.numbers",
    origin="focus_core.systems.origin:OURS",
    frame=Frame(chunked=True),
    is_rival=False,
    reads=frozenset({"chunk_length", "chunks", "key_width", "value_width"}),
    check=check,
    leaks=leaks,
    first_seen=first_seen,
    why_no_step=why_no_step,
)
