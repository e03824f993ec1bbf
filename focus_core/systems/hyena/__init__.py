"""Hyena (Poli et al. 2023): what it reads and promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.errors import require
from focus_core.systems.system import Frame, System

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig


def check(trial: TrialConfig, model: ModelConfig) -> None:  # noqa: ARG001
    """The features are the time, and a cosine and a sine of each frequency."""
    features = model.implicit_features
    require(
        features >= 3 and features % 2 == 1,
        f"model.implicit_features = {features} must be odd, 3 or more (the time, "
        "then a cosine and a sine of each frequency)",
    )


HYENA = System(
    mixer="focus_core.systems.hyena.mixer:HyenaMixer",
    cost="focus_core.systems.hyena.cost",
    frame=Frame(taps=3),
    origin="focus_core.systems.hyena.origin:HYENA",
    reads=frozenset({"taps", "implicit_width"}),
    check=check,
    why_no_step=lambda _: (
        "Hyena's convolution is as long as the sequence, and has no state of a fixed size"
    ),
)
