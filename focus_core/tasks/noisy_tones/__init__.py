"""The options of noisy tones. The task is in ``data``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.task import SetTaskConfig
from focus_core.tasks.entry import TaskEntry


@dataclass(frozen=True, kw_only=True)
class NoisyTonesConfig(SetTaskConfig):
    """One of ``classes`` tones, in noise."""

    classifies: ClassVar[bool] = True

    name: str = option("noisy_tones", one_of(["noisy_tones"]))
    """noisy_tones: a tone in noise of twice its power."""
    classes: int = option(8, POSITIVE)
    """The different tones."""
    band: Literal["high", "low"] = "high"
    """The tones' frequencies in radians a step: pi/2 to pi (high), or 0 to pi/2 (low)."""
    readout: Literal["mean", "last"] = "mean"
    """What is classified: the mean over time, or the last position alone."""

    def check(self) -> None:
        """Require at least 2 classes."""
        require(self.classes >= 2, f"task.classes = {self.classes}: tones need at least 2 classes")
        super().check()


NOISY_TONES = TaskEntry(
    config=NoisyTonesConfig, module="focus_core.tasks.noisy_tones.data", metric="accuracy"
)
