"""The checks that make a trial's numbers suspect.

MLflow shows an alarm as a tag, the terminal as a line and the report as a box. ``analysis``
imports this module too, so it imports neither torch nor Ray.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from focus_core.metrics import limit


def promised(
    *, causal: bool, config: Mapping[str, Any]
) -> Literal["causal", "bidirectional", "LEAKY"]:
    """What a trial promises about reading the future.

    Args:
        causal: ``Trial.causal``: False where the trial is declared leaky.
        config: the canonical config, flat. A bidirectional classifier reads the whole sequence
            before it answers. That is allowed, and the trial is ranked, but it is not causal.
    """
    if not causal:
        return "LEAKY"
    return "bidirectional" if config.get("model.bidirectional") else "causal"


def alarms(
    numbers: Mapping[str, float | None], *, causal: bool, fresh: bool, train_loss: float | None
) -> list[str]:
    """One line for each thing that is wrong.

    Args:
        numbers: the numbers of one report, over all seeds; the ledger stores a NaN as None.
        causal: whether the trial promises to be causal.
        fresh: whether no training sequence is repeated. A model can memorise a finite training
            set; a loss below the floor then proves nothing.
        train_loss: in nats per scored token.
    """
    found = []
    leak, pole = numbers.get("leak", 0.0), numbers.get("pole_radius_max")
    leak = math.nan if leak is None else leak
    if causal and not abs(leak) <= limit("leak"):  # a NaN does not prove causality
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
    """One line for each thing that is suspect in one report.

    Args:
        metrics: the report's numbers; ``train_loss/0`` is the loss of seed 0.
        causal: ``Trial.causal``: False where the trial is declared leaky.
        config: the canonical config, flat.
    """
    told = [loss for key, loss in metrics.items() if key.startswith("train_loss/")]
    losses = [loss for loss in told if loss is not None]
    return alarms(
        metrics,
        causal=promised(causal=causal, config=config) == "causal",
        fresh=not config.get("task.train_sequences"),
        train_loss=sum(losses) / len(losses) if losses else None,
    )
