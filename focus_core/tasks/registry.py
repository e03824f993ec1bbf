"""The tasks by name: a folder for each kind, and one line here for each task."""

from __future__ import annotations

from focus_core.tasks.entry import TaskEntry
from focus_core.tasks.far_recall import FAR_RECALL
from focus_core.tasks.mqar import MQAR
from focus_core.tasks.noisy_tones import NOISY_TONES
from focus_core.tasks.pixels import DIGITS_TASK, PMNIST, SMNIST
from focus_core.tasks.recall import RECALL
from focus_core.tasks.series import SERIES
from focus_core.tasks.series_forecast import SERIES_FORECAST
from focus_core.tasks.series_targets import SERIES_TARGETS
from focus_core.tasks.text import ENWIK8, PYDOC_TEXT, TEXT8, TEXT_FILE

TASKS: dict[str, TaskEntry] = {
    "recall": RECALL,
    "far_recall": FAR_RECALL,
    "mqar": MQAR,
    "noisy_tones": NOISY_TONES,
    "enwik8": ENWIK8,
    "text8": TEXT8,
    "pydoc_text": PYDOC_TEXT,
    "text_file": TEXT_FILE,
    "smnist": SMNIST,
    "pmnist": PMNIST,
    "digits": DIGITS_TASK,
    "series": SERIES,
    "series_forecast": SERIES_FORECAST,
    "series_targets": SERIES_TARGETS,
}
"""By ``task.name``."""
