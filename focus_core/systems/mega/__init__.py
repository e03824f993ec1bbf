"""Mega (Ma et al. 2022): what it reads and promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.systems.rules import check_divides, check_even_keys, check_mode
from focus_core.systems.system import Frame, System

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig


def check(trial: TrialConfig, model: ModelConfig) -> None:
    """Its chunks divide the sequence."""
    check_mode(trial.model)
    check_divides(trial, "chunk_length", model.chunk_length, "chunks")
    check_even_keys(model)


def first_seen(model: ModelConfig, position: int) -> int:
    """The first token of the chunk; what its average carries is not counted."""
    return position // model.chunk_length * model.chunk_length


MEGA = System(
    mixer="focus_core.systems.mega.mixer:MegaMixer",
    cost="focus_core.systems.mega.cost",
    frame=Frame(
        tied_head=True,
        head_bias=False,
        scaled_embedding=True,
        chunked=True,
        key_share=4,
        value_ratio=2,
    ),
    origin="focus_core.systems.mega.origin:MEGA",
    reads=frozenset({"chunk_length", "chunks", "key_width", "value_width", "ema_size"}),
    check=check,
    first_seen=first_seen,
)
