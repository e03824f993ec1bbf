"""The rules between config fields; each message says what is wrong and what would be right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from focus_core.tasks import check_task_name

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TaskConfig, TrainConfig, TrialConfig

MAX_ORDER = 8
POSITIVE = {
    "model": ("width", "layers", "ffn_width", "key_width", "value_width", "heads", "chunk_length")
    + ("chunks", "ema_size", "filters", "bin_length", "bins", "nfft_factor", "nfft")
    + ("oversampling", "hyper_width"),
    "task": ("length", "keys", "values", "eval_sequences", "test_sequences"),
    "train": ("steps", "batch_size", "learning_rate", "conv_learning_rate", "clip", "eval_every"),
}
NOT_NEGATIVE = {
    "model": ("conv_squash",),
    "task": ("gap", "train_sequences"),
    "train": ("warmup_steps", "weight_decay"),
}
FRACTION = {"model": ("dropout", "conv_dropout")}


def check_ranges(section: str, config: ModelConfig | TaskConfig | TrainConfig) -> None:
    """Raise a ValueError for the first field outside its range."""
    for name in POSITIVE.get(section, ()):
        value = getattr(config, name)
        _require(value is None or value > 0, f"{section}.{name} must be above 0, not {value}")
    for name in NOT_NEGATIVE.get(section, ()):
        value = getattr(config, name)
        _require(value >= 0, f"{section}.{name} must be 0 or more, not {value}")
    for name in FRACTION.get(section, ()):
        value = getattr(config, name)
        _require(0 <= value < 1, f"{section}.{name} must be in [0, 1), not {value}")


def check_trial(trial: TrialConfig, model: ModelConfig) -> None:
    """Raise a ValueError for the first rule between fields that ``trial`` breaks.

    Args:
        trial: the config as given.
        model: its model, resolved.
    """
    _check_task(trial.task)
    _check_train(trial.train)
    if model.mixer == "attention":
        _check_attention(model)
        return
    _check_mode(trial.model)
    _check_chunks(trial, model)
    if model.filter in ("adaptive", "static"):
        _check_bank(model)
        _check_divides(trial, "bin_length", model.bin_length, "bins")
        _check_realisation(model)


def _check_task(task: TaskConfig) -> None:
    check_task_name(task.name)
    _require(
        task.length >= 4 and task.length % 2 == 0,
        f"task.length = {task.length}: recall needs an even number of tokens, 4 or more "
        "(pairs, then '=>' and the query)",
    )
    if task.name == "far_recall":
        _require(
            task.gap <= task.length - 3,
            f"task.gap = {task.gap} leaves no room for the queried key in {task.length} tokens: "
            f"use at most {task.length - 3}",
        )
        _require(task.keys >= 2, f"task.keys = {task.keys}: far recall needs at least 2 keys")


def _check_train(train: TrainConfig) -> None:
    _require(
        train.warmup_steps < train.steps,
        f"train.warmup_steps = {train.warmup_steps} must be below train.steps = {train.steps}",
    )


def _check_attention(model: ModelConfig) -> None:
    _require(
        model.width % model.heads == 0 and (model.width // model.heads) % 2 == 0,
        f"model.heads = {model.heads} must divide model.width = {model.width} into heads of an "
        "even width (rotary positions turn pairs)",
    )


def _check_mode(model: ModelConfig) -> None:
    if model.mode == "paper":
        return
    leaks = model.leaks()
    _require(
        not leaks,
        f"{leaks[0] if leaks else ''} sees the future: study it with model.mode=paper",
    )
    counts = [name for name in ("bins", "chunks") if getattr(model, name) is not None]
    _require(
        not counts,
        f"model.{counts[0] if counts else ''} is a count, which moves with the length: give "
        "the length in tokens, or model.mode=paper",
    )
    _require(
        model.filter != "adaptive" or model.theta_shift >= 1,
        f"model.theta_shift must be 1 or more, not {model.theta_shift}",
    )


def _check_chunks(trial: TrialConfig, model: ModelConfig) -> None:
    _check_divides(trial, "chunk_length", model.chunk_length, "chunks")
    key_width = model.key_width or 0
    _require(
        key_width % 2 == 0,
        f"model.key_width = {key_width} must be even (rotary positions turn pairs)",
    )


def _check_divides(trial: TrialConfig, name: str, size: int, count_name: str) -> None:
    """A length in tokens, or the count it was given as, divides the sequence."""
    length, count = trial.task.length, getattr(trial.model, count_name)
    given, value = (name, size) if count is None else (count_name, count)
    _require(
        length % value == 0,
        f"model.{given} = {value} does not divide task.length = {length}: "
        f"use one of {_divisors(length)}",
    )


def _check_bank(model: ModelConfig) -> None:
    _require(
        1 <= model.order <= MAX_ORDER,
        f"model.order must be 1 to {MAX_ORDER}, not {model.order}",
    )
    _require(
        model.parameterisation != "sigmoid" or model.order <= 2,
        f"model.order = {model.order} with sigmoid coefficients is not always stable: use "
        "model.parameterisation=lattice, or order 1 or 2",
    )
    _require(
        model.theta_shift >= 0, f"model.theta_shift must be 0 or more, not {model.theta_shift}"
    )


def _check_realisation(model: ModelConfig) -> None:
    if model.realisation == "recurrence":
        return
    nfft = model.nfft or 0
    _require(
        nfft >= model.bin_length,
        f"model.nfft = {nfft} is shorter than the bin ({model.bin_length} tokens): "
        f"use {model.bin_length} or more",
    )
    _require(
        not model.carry,
        f"model.carry needs model.realisation=recurrence: {model.realisation} filters each bin "
        "on its own",
    )


def _divisors(n: int) -> str:
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return ", ".join(str(d) for d in sorted({*small, *(n // d for d in small)}))


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
