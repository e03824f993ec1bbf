"""A toy task: say again what came some tokens ago."""

from __future__ import annotations

from dataclasses import dataclass

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.task import TaskConfig
from focus_core.tasks.entry import TaskEntry


@dataclass(frozen=True, kw_only=True)
class DelayConfig(TaskConfig):
    """How many symbols there are, and how long ago the answer was seen."""

    name: str = option("delay", one_of(["delay"]))
    symbols: int = option(4, POSITIVE)
    delay: int = option(1, POSITIVE)

    def check(self) -> None:
        """Something is left to answer."""
        super().check()
        require(self.delay < self.length, f"task.delay = {self.delay}: use less than task.length")


DELAY = TaskEntry(config=DelayConfig, module="tests.toys.delay.data", metric="accuracy")
