"""Whether a Focus layer can see the future, can run token by token, and may grow."""

from __future__ import annotations

from focus_core.options.task import TaskConfig
from focus_core.systems.focus.activity import has_bank
from focus_core.systems.focus.options import FocusOptions
from focus_core.systems.focus.orders import may_grow
from focus_core.systems.rules import short_chunk

SHORT_BIN = 16
"""Carried filters over shorter bins get a caution. A search over bins of 1, 8, 16 and 64 tokens
found a worst growth per token of 1.26, 1.017, 1.013 and 1.002 for sigmoid coefficients of order 2,
and of 2.4, 1.41, 1.23 and 1.04 for a lattice of order 2. Longer bins grow more slowly, but are not
safe (tests/focus_core/test_cautions.py)."""


def leaks(model: FocusOptions) -> tuple[str, ...]:
    """The reasons why this layer can see the future; empty for a causal layer."""
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


def why_no_step(model: FocusOptions) -> str:
    """Why the layer cannot be computed token by token; empty if it can."""
    if leaks(model):
        return f"what comes later is needed: {leaks(model)[0]}"
    if model.filter == "adaptive" and model.global_conv == "layer":
        return "model.global_conv=layer is computed for whole sequences; use causal, ema or none"
    if model.filter == "static" and model.static_per == "bin":
        return "model.static_per=bin has filters for the bins of a training sequence, and no others"
    if model.filter in ("adaptive", "static") and model.realisation != "recurrence":
        return f"model.realisation={model.realisation} filters whole bins; use recurrence"
    return ""


def cautions(model: FocusOptions, task: TaskConfig) -> tuple[str, ...]:
    """Warnings about attention over too few tokens, and about filters that may grow."""
    found = short_chunk(model.chunk_length, task.length) if model.attention != "none" else ()
    if (
        has_bank(model, task)
        and model.carry
        and model.bin_length < SHORT_BIN
        and may_grow(model.parameterisation, model.order)
    ):
        found += (
            f"model.carry over bins of model.bin_length = {model.bin_length} may blow up: each "
            f"filter is stable, but not while they change; use {SHORT_BIN} or more, where growth "
            "is slower, or model.parameterisation=ek or model.filter=coupled, which cannot grow",
        )
    return found
