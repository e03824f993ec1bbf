"""S4 and S4D (Gu et al. 2022): what they read and promise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from focus_core.errors import require
from focus_core.systems.system import System

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig

READS = frozenset({"state_size", "state_learning_rate"})


def check(trial: TrialConfig, model: ModelConfig) -> None:  # noqa: ARG001
    """States come in conjugate pairs."""
    require(
        model.state_size % 2 == 0,
        f"model.state_size = {model.state_size} must be even (states come in conjugate pairs)",
    )


S4 = System(
    mixer="focus_core.systems.state_space.mixer:S4Mixer",
    cost="focus_core.systems.state_space.cost",
    origin="focus_core.systems.state_space.origin:S4",
    reads=READS,
    check=check,
)
S4D = replace(
    S4,
    mixer="focus_core.systems.state_space.mixer:S4DMixer",
    origin="focus_core.systems.state_space.origin:S4D",
)
