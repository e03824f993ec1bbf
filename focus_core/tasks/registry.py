"""The tasks by name: a folder for each kind, and one line here for each task."""

from __future__ import annotations

from focus_core.tasks.entry import TaskEntry
from focus_core.tasks.far_recall import FAR_RECALL
from focus_core.tasks.mqar import MQAR
from focus_core.tasks.noisy_tones import NOISY_TONES
from focus_core.tasks.pixels import DIGITS_TASK, PMNIST, SMNIST
from focus_core.tasks.recall import RECALL
from focus_core.tasks.text import ENWIK8, PYDOC_TEXT, TEXT8

TASKS: dict[str, TaskEntry] = {
    "recall": RECALL,
    "far_recall": FAR_RECALL,
    "mqar": MQAR,
    "noisy_tones": NOISY_TONES,
    "enwik8": ENWIK8,
    "text8": TEXT8,
    "pydoc_text": PYDOC_TEXT,
    "smnist": SMNIST,
    "pmnist": PMNIST,
    "digits": DIGITS_TASK,
}
"""By ``task.name``."""
