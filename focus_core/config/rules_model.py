"""The rules of a model's fields; each message says what is wrong and what would be right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from focus_core.config.activity import classifies
from focus_core.config.checks import require
from focus_core.config.frames import CHUNKED, HEADED, KEYED
from focus_core.config.orders import gain_error, order_error
from focus_core.config.rules_focus import check_coupled, check_hypernetwork, check_wiring
from focus_core.tasks import TASKS

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig


def check_model(trial: TrialConfig, model: ModelConfig) -> None:
    """Raise a UserError for the first rule that the model of ``trial`` breaks.

    Args:
        trial: the config as given.
        model: its model, resolved.
    """
    _check_sizes(model)
    _check_direction(trial)
    if model.mixer in CHUNKED:
        _check_mode(trial.model)
        if model.mixer != "focus" or model.attention != "none":
            _check_chunks(trial, model)
    if model.mixer != "focus":
        return
    check_wiring(model)
    if model.filter == "coupled":
        check_coupled(model)
        if model.theta == "bin":
            _check_divides(trial, "bin_length", model.bin_length, "bins")
    if model.filter in ("adaptive", "static"):
        _check_bank(model)
        check_hypernetwork(trial, model)
        _check_divides(trial, "bin_length", model.bin_length, "bins")
        _check_realisation(model)


def _check_sizes(model: ModelConfig) -> None:
    """What a rival's widths must be."""
    require(
        model.mixer not in HEADED or model.width % (2 * model.heads) == 0,
        f"model.heads = {model.heads} must divide model.width = {model.width} into heads of an "
        "even width (rotary positions turn pairs)",
    )
    require(
        model.mixer not in ("s4", "s4d") or model.state_size % 2 == 0,
        f"model.state_size = {model.state_size} must be even (states come in conjugate pairs)",
    )
    features = model.implicit_features
    require(
        model.mixer != "hyena" or (features >= 3 and features % 2 == 1),
        f"model.implicit_features = {features} must be odd, 3 or more (the time, "
        "then a cosine and a sine of each frequency)",
    )


def _check_direction(trial: TrialConfig) -> None:
    tasks = ", ".join(name for name, entry in TASKS.items() if "readout" in entry.reads)
    require(
        classifies(trial) or not trial.model.bidirectional,
        f"task {trial.task.name} predicts the next token: a bidirectional model would read it; use "
        f"model.bidirectional=false, or a task that classifies whole sequences ({tasks})",
    )


def _check_mode(model: ModelConfig) -> None:
    if model.mode == "paper":
        return
    leaks = model.leaks()
    require(
        not leaks,
        f"{leaks[0] if leaks else ''} sees the future: study it with model.mode=paper",
    )
    counts = [name for name in ("bins", "chunks") if getattr(model, name) is not None]
    require(
        not counts,
        f"model.{counts[0] if counts else ''} is a count, which moves with the length: give "
        "the length in tokens, or model.mode=paper",
    )
    require(
        model.mixer != "focus" or model.filter != "adaptive" or model.theta_shift >= 1,
        f"model.theta_shift must be 1 or more, not {model.theta_shift}",
    )


def _check_chunks(trial: TrialConfig, model: ModelConfig) -> None:
    _check_divides(trial, "chunk_length", model.chunk_length, "chunks")
    key_width = model.key_width or 0
    require(
        model.mixer not in KEYED or key_width % 2 == 0,
        f"model.key_width = {key_width} must be even (rotary positions turn pairs)",
    )


def _check_divides(trial: TrialConfig, name: str, size: int, count_name: str) -> None:
    """A length in tokens, or the count it was given as, divides the sequence."""
    length, count = trial.task.length, getattr(trial.model, count_name)
    given, value = (name, size) if count is None else (count_name, count)
    require(
        length % value == 0,
        f"model.{given} = {value} does not divide task.length = {length}: "
        f"use one of {_divisors(length)}",
    )


def _check_bank(model: ModelConfig) -> None:
    for error in (
        order_error(model.parameterisation, model.order),
        gain_error(model.gain, model.parameterisation, model.order),
    ):
        require(error is None, f"model.order = {model.order}: {error}")
    require(model.theta_shift >= 0, f"model.theta_shift must be 0 or more, not {model.theta_shift}")


def _check_realisation(model: ModelConfig) -> None:
    if model.realisation == "recurrence":
        return
    nfft = model.nfft or 0
    require(
        nfft >= model.bin_length,
        f"model.nfft = {nfft} is shorter than the bin ({model.bin_length} tokens): "
        f"use {model.bin_length} or more",
    )
    require(
        not model.carry,
        f"model.carry needs model.realisation=recurrence: {model.realisation} filters each bin "
        "on its own",
    )


def _divisors(n: int) -> str:
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return ", ".join(str(d) for d in sorted({*small, *(n // d for d in small)}))
