"""Attention over the whole sequence, in three ways: what they read and promise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from focus_core.systems.rules import check_heads
from focus_core.systems.system import Frame, System

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig

MIXER = "focus_core.systems.transformer.mixer"
ORIGIN = "focus_core.systems.transformer.origin"
COST = "focus_core.systems.transformer.cost"
READS = frozenset({"heads"})


def check(trial: TrialConfig, model: ModelConfig) -> None:  # noqa: ARG001
    """Heads divide the width."""
    check_heads(model)


FLASH = System(
    mixer=f"{MIXER}:AttentionMixer",
    cost=COST,
    origin=f"{ORIGIN}:FLASH",
    reads=READS,
    check=check,
)
TRANSFORMER = replace(FLASH, mixer=f"{MIXER}:TransformerMixer", origin=f"{ORIGIN}:TRANSFORMER")
GPT2 = replace(
    FLASH,
    mixer=f"{MIXER}:GPT2Mixer",
    frame=Frame(
        activation="gelu",
        tied_head=True,
        head_bias=False,
        small_residuals=True,
        learned_positions=True,
        ffn_ratio=4,
    ),
    origin=f"{ORIGIN}:GPT2",
)
