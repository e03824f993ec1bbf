"""What a file of one's own needs to add a mixer or a task: see docs/your_layer.md.

``--plugin my_mixer.py`` then makes ``model.mixer=my_mixer`` a system like any other.
"""

from __future__ import annotations

from focus_core.options.fields import FRACTION, NOT_NEGATIVE, POSITIVE, one_of
from focus_core.outside.mixer import Mixer
from focus_core.outside.task import Task
from focus_core.tasks.base import IGNORED, Batch

__all__ = [
    "FRACTION",
    "IGNORED",
    "NOT_NEGATIVE",
    "POSITIVE",
    "Batch",
    "Mixer",
    "Task",
    "one_of",
]
