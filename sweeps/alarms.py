"""What makes a trial's numbers suspect: a tag in MLflow, a line in the terminal,
a box in the report.

For ``analysis`` too, hence neither torch nor Ray here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from focus_core.metrics import limit


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
    if causal and not abs(leak) <= limit("leak"):  # NaN shows nothing
        found.append(f"promised causal, but leaks {leak:.1e} (> {limit('leak'):g})")
    if pole is not None and not pole < limit("pole_radius_max"):
        found.append(f"unstable: pole radius {pole:.3f}")
    floor = numbers.get("loss_floor") or -math.inf  # 0: any loss is possible
    if fresh and train_loss is not None and train_loss < floor - limit("loss_floor"):
        found.append(f"loss {train_loss:.3f} below its floor {floor:.3f}: it must be cheating")
    masked, seen = numbers.get("future_masked"), numbers.get("future_seen")
    if masked is not None and seen is not None and masked - seen > limit("future_masked"):
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
