"""Transformer-XL (Dai et al. 2019): what it reads and promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.systems.rules import check_divides, check_heads, check_mode
from focus_core.systems.system import Frame, System

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig


def check(trial: TrialConfig, model: ModelConfig) -> None:
    """Heads divide the width, and segments the sequence."""
    check_heads(model)
    check_mode(trial.model)
    check_divides(trial, "chunk_length", model.chunk_length, "chunks")


def first_seen(model: ModelConfig, position: int) -> int:
    """Each layer reads one more segment back."""
    M = model.chunk_length
    return max(0, (position // M - model.layers) * M)


TRANSFORMER_XL = System(
    mixer="focus_core.systems.transformer_xl.mixer:TransformerXLMixer",
    cost="focus_core.systems.transformer_xl.cost",
    frame=Frame(
        activation="relu", post_norm=True, tied_head=True, scaled_embedding=True, ffn_ratio=4
    ),
    origin="focus_core.systems.transformer_xl.origin:TRANSFORMER_XL",
    reads=frozenset({"heads", "chunk_length", "chunks", "position_bias"}),
    check=check,
    first_seen=first_seen,
)
