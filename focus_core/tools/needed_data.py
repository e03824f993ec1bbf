"""Checks that the data of a task are present. A sweep checks this at its start, a trial never."""

from __future__ import annotations

from focus_core.data import check_present
from focus_core.data.own import read_own
from focus_core.options.task import TaskConfig
from focus_core.tasks import TASKS


def check_data(task: TaskConfig) -> None:
    """Raise a UserError that says how to get the data of ``task``, unless the data are present.

    A person's own data are read and compared with their digest.
    """
    own = task.own_data()
    if own:
        read_own(own)
    data = TASKS[task.name].data
    if data is not None:
        check_present(data, task.bytes_read())
