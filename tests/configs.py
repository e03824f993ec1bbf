"""Options of a system or a task by its name."""

from __future__ import annotations

from typing import Any

from focus_core.config.keys import changed, check_key
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS


def model_config(**options: Any) -> Any:
    """The options of one system; those that only others have are left out, as in an override."""
    mixer = str(options.pop("mixer", "focus"))
    for name in options:
        check_key(f"model.{name}")
    return changed("model", SYSTEMS[mixer].config(), {}, options)[0]


def task_config(**options: Any) -> Any:
    """The options of one task; likewise."""
    name = str(options.pop("name", "far_recall"))
    for option in options:
        check_key(f"task.{option}")
    return changed("task", TASKS[name].config(), {}, options)[0]
