"""The rules between config fields; each message says what is wrong and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.config.rules_model import check_model
from focus_core.config.rules_task import check_task
from focus_core.errors import require

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrainConfig, TrialConfig


def check_trial(trial: TrialConfig, model: ModelConfig) -> None:
    """Raise a UserError for the first rule between fields that ``trial`` breaks.

    Args:
        trial: the config as given.
        model: its model, resolved.
    """
    check_task(trial.task)
    _check_train(trial.train)
    check_model(trial, model)


def _check_train(train: TrainConfig) -> None:
    require(
        train.warmup_steps < train.steps,
        f"train.warmup_steps = {train.warmup_steps} must be below train.steps = {train.steps}",
    )
