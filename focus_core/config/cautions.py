"""What can be built but is hardly what anybody wants: told before a sweep, never refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.config.activity import attends_by, has_bank
from focus_core.systems.focus.orders import may_grow

if TYPE_CHECKING:
    from focus_core.config import TrialConfig

FEW_TOKENS = 8
"""A chunk below it gives attention next to nothing to choose from."""
SHORT_BIN = 16
"""The worst growth a token that a search found over bins of 1, 8, 16 and 64 tokens is 1.26, 1.017,
1.013 and 1.002 for sigmoid coefficients of order 2, and 2.4, 1.41, 1.23 and 1.04 for a lattice:
slower there, not safe (tests/focus_core/test_cautions.py)."""


def cautions(trial: TrialConfig) -> tuple[str, ...]:
    """Each in one line: what, where, and what would be right; mostly there are none."""
    model = trial.resolved_model()
    found = []
    if attends_by("chunk_length")(trial) and model.chunk_length < FEW_TOKENS <= trial.task.length:
        found.append(
            f"model.chunk_length = {model.chunk_length} leaves attention next to nothing to "
            f"choose from; use {FEW_TOKENS} or more"
        )
    if (
        has_bank(trial)
        and model.carry
        and model.bin_length < SHORT_BIN
        and may_grow(model.parameterisation, model.order)
    ):
        found.append(
            f"model.carry over bins of model.bin_length = {model.bin_length} may blow up: each "
            f"filter is stable, but not while they change; use {SHORT_BIN} or more, where growth "
            "is slower, or model.parameterisation=ek or model.filter=coupled, which cannot grow"
        )
    return tuple(found)
