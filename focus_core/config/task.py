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
    pairs: int = option(4, POSITIVE, when=_read("pairs"), later=True)  # of mqar
    classes: int = option(8, POSITIVE, when=_read("classes"), later=True)
    # of the tones: between pi/2 and pi, or between 0 and pi/2
    band: Literal["high", "low"] = option("high", when=_read("band"), later=True)
    # what is classified: the mean over time, or the last position alone
    readout: Literal["mean", "last"] = option("mean", when=_read("readout"), later=True)
    # only so many bytes of a text; 0: the whole
    prefix: int = option(0, NOT_NEGATIVE, when=_read("prefix"), later=True)
    # none: the bit-reversal permutation
    permutation_seed: int | None = option(
        None, NOT_NEGATIVE, when=_read("permutation_seed"), later=True
    )
