"""The rules of a model's fields; each message says what is wrong and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.config.activity import classifies
from focus_core.errors import require
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig


def check_model(trial: TrialConfig, model: ModelConfig) -> None:
    """Raise a UserError for the first rule that the model of ``trial`` breaks.

    Args:
        trial: the config as given.
        model: its model, resolved.
    """
    _check_direction(trial)
    SYSTEMS[model.mixer].check(trial, model)


def _check_direction(trial: TrialConfig) -> None:
    tasks = ", ".join(name for name, entry in TASKS.items() if "readout" in entry.reads)
    require(
        classifies(trial) or not trial.model.bidirectional,
        f"task {trial.task.name} predicts the next token: a bidirectional model would read it; use "
        f"model.bidirectional=false, or a task that classifies whole sequences ({tasks})",
    )
