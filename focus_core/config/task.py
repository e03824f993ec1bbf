"""The task's fields: the data, the target and the score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from focus_core.config.fields import NOT_NEGATIVE, POSITIVE, option
from focus_core.tasks import TASKS

if TYPE_CHECKING:
    from focus_core.config import TrialConfig


def _read(field: str) -> Callable[[TrialConfig], bool]:
    """True for a trial whose task reads ``field``."""
    return lambda trial: field in TASKS[trial.task.name].reads


def _has_pairs(trial: TrialConfig) -> bool:
    return _read("pairs")(trial) and trial.task.mixture == "single"


def _has_published_permutation(trial: TrialConfig) -> bool:
    return _read("permutation")(trial) and trial.task.permutation_seed is None


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """The data, the target and the score. ``length`` is the number of input tokens.

    Safari counts recall by its pairs: its L is ``length`` - 2 here.
    """

    name: str = "far_recall"
    length: int = option(64, POSITIVE)  # L
    keys: int = option(4, POSITIVE, when=_read("keys"))
    values: int = option(4, POSITIVE, when=_read("values"))
    gap: int = option(18, NOT_NEGATIVE, when=_read("gap"))
    loss: Literal["all", "last"] = option("all", when=_read("loss"))
    # 0: fresh ones at every step; of a data set, all there are
    train_sequences: int = option(0, NOT_NEGATIVE, when=_read("train_sequences"))
    eval_sequences: int = option(512, POSITIVE)
    test_sequences: int = option(1024, POSITIVE)
    pairs: int = option(4, POSITIVE, when=_has_pairs, later=True)  # of mqar
    classes: int = option(8, POSITIVE, when=_read("classes"), later=True)
    # of the tones: between pi/2 and pi, or between 0 and pi/2
    band: Literal["high", "low"] = option("high", when=_read("band"), later=True)
    # what is classified: the mean over time, or the last position alone
    readout: Literal["mean", "last"] = option("mean", when=_read("readout"), later=True)
    # only so many bytes of a text; 0: the whole
    prefix: int = option(0, NOT_NEGATIVE, when=_read("prefix"), later=True)
    # a permutation of our own; none: a published one
    permutation_seed: int | None = option(
        None, NOT_NEGATIVE, when=_read("permutation_seed"), later=True
    )
    # the published one: S4's bit reversal, or the one drawn with the unitary networks' seed
    permutation: Literal["bit_reversal", "urnn"] = option(
        "bit_reversal", when=_has_published_permutation, later=True
    )
    # of mqar: noise, or a blank, wherever no pair and no query stands
    random_non_queries: bool = option(True, when=_read("random_non_queries"), later=True)
    # of mqar: one length, or the mixture of Based, of which ``length`` is the longest
    mixture: Literal["single", "based"] = option("single", when=_read("mixture"), later=True)
    # of a text: score its whole test part, each byte with so many before it; none: some windows
    context: int | None = option(None, NOT_NEGATIVE, when=_read("context"), later=True)
