"""What makes a trial's numbers suspect: a tag in MLflow, a line in the terminal,
a box in the report.

For ``analysis`` too, hence nothing here but the standard library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

LEAK_TOLERANCE = 1e-4
"""Relative; as in training. Rounding stays well below it."""
LOSS_SLACK = 0.05
"""Nats: one batch's loss strays a little below the floor by chance."""
FUTURE_BITS = 0.5
"""Bits a symbol that a language model may lose, at the most, when what comes later is blanked."""


def promised(
    *, causal: bool, config: Mapping[str, Any]
) -> Literal["causal", "bidirectional", "LEAKY"]:
    """What a trial says of the future.

    Args:
        causal: its row's: False where it is declared leaky.
        config: canonical and flat. A bidirectional classifier reads the whole sequence before it
            answers: no cheat, and ranked, but not causal.
    """
    if not causal:
        return "LEAKY"
    return "bidirectional" if config.get("model.bidirectional") else "causal"


def alarms(
    numbers: Mapping[str, float | None], *, causal: bool, fresh: bool, train_loss: float | None
) -> list[str]:
    """What is wrong, a line each.

    Args:
        numbers: of the last report, over all seeds; None is how the ledger keeps a NaN.
        causal: it is promised.
        fresh: its training data are never repeated. A finite set can be learnt by heart; a loss
            below the floor then proves nothing.
        train_loss: nats a scored token.
    """
    found = []
    leak, pole = numbers.get("leak", 0.0), numbers.get("pole_radius_max")
    leak = math.nan if leak is None else leak
    if causal and not abs(leak) <= LEAK_TOLERANCE:  # NaN shows nothing
        found.append(f"promised causal, but leaks {leak:.1e} (> {LEAK_TOLERANCE:g})")
    if pole is not None and not pole < 1:
        found.append(f"unstable: pole radius {pole:.3f}")
    floor = numbers.get("loss_floor") or -math.inf  # 0: any loss is possible
    if fresh and train_loss is not None and train_loss < floor - LOSS_SLACK:
        found.append(f"loss {train_loss:.3f} below its floor {floor:.3f}: it must be cheating")
    masked, seen = numbers.get("future_masked"), numbers.get("future_seen")
    if masked is not None and seen is not None and masked - seen > FUTURE_BITS:
        found.append(f"reads the future: {seen:.2f} bits with it, {masked:.2f} once it is masked")
    return found


def report_alarms(
    metrics: Mapping[str, float | None], *, causal: bool, config: Mapping[str, Any]
) -> list[str]:
    """What is suspect in one report, a line each.

    Args:
        metrics: its numbers, ``train_loss/0`` that of seed 0.
        causal: the trial's row's: False where it is declared leaky.
        config: canonical and flat.
    """
    told = [loss for key, loss in metrics.items() if key.startswith("train_loss/")]
    losses = [loss for loss in told if loss is not None]
    return alarms(
        metrics,
        causal=promised(causal=causal, config=config) == "causal",
        fresh=not config.get("task.train_sequences"),
        train_loss=sum(losses) / len(losses) if losses else None,
    )
