"""The options and promises of S4 and S4D (Gu et al. 2022)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.model import ModelConfig
from focus_core.systems.system import System

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class S4Config(ModelConfig):
    """The options of a linear state space."""

    mixer: str = option("s4", one_of(["s4"]))
    """s4 or s4d."""
    state_size: int = option(64, POSITIVE)
    """N, the states of a channel: conjugate pairs."""

    def check(self, given: Self, task: TaskConfig) -> None:  # noqa: ARG002
        """Require an even state size, since states come in conjugate pairs."""
        require(
            self.state_size % 2 == 0,
            f"model.state_size = {self.state_size} must be even (states come in conjugate pairs)",
        )

    def rates(self, task: TaskConfig) -> Collection[str]:  # noqa: ARG002
        """The learning rate of A, B and the step sizes."""
        return ("state_learning_rate",)


@dataclass(frozen=True, kw_only=True)
class S4DConfig(S4Config):
    """The same options, for a diagonal state space."""

    mixer: str = option("s4d", one_of(["s4d"]))


S4 = System(
    config=S4Config,
    mixer="focus_core.systems.state_space.mixer:S4Mixer",
    cost="focus_core.systems.state_space.cost",
    origin="focus_core.systems.state_space.origin:S4",
)
S4D = replace(
    S4,
    config=S4DConfig,
    mixer="focus_core.systems.state_space.mixer:S4DMixer",
    origin="focus_core.systems.state_space.origin:S4D",
)
