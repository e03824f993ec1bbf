"""A toy system: what went before fades at a fixed rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.model import ModelConfig
from focus_core.systems.system import System

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class DecayConfig(ModelConfig):
    """Its one option: what is left of a token one step later."""

    mixer: str = option("decay", one_of(["decay"]))
    remains: float = option(0.5, POSITIVE)

    def check(self, given: Self, task: TaskConfig) -> None:
        """It fades."""
        require(self.remains < 1, f"model.remains = {self.remains}: use less than 1")


DECAY = System(
    config=DecayConfig,
    mixer="tests.toys.decay.mixer:DecayMixer",
    cost="tests.toys.decay.cost",
    numbers="tests.toys.decay.numbers",
    origin="tests.toys.decay.origin:DECAY",
)
