"""What travels with a score: may it be believed, and what did it cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from analysis.arms import LEAK_TOLERANCE, Arm, Row
from analysis.evidence import Bounds

LOSS_SLACK = 0.05  # nats; one batch's loss strays a little below the floor by chance
LAST_REPORTS = 3
BEATS_WINDOW = "beats its window: information crossed bins"
BUDGET_TOLERANCE = 0.1  # parameters, against the reference


def certificates(found: Sequence[Arm], curves: pa.Table, bounds: Bounds | None) -> list[Row]:
    """One row for each trial that reported: leak, poles, window, loss floor and the alarms."""
    poles = _largest(curves, "pole_radius_max")
    losses = _last_losses(curves)
    return [
        _certificate(arm, poles.get(arm.number), losses.get(arm.number), bounds)
        for arm in found
        if arm.constants
    ]


def budgets(found: Sequence[Arm], reference: Arm | None) -> list[Row]:
    """One row a trial: what it was given and what it took.

    ``unequal`` marks parameters more than 10 % away from the reference's.
    """
    norm = reference.constants.get("parameters") if reference else None
    rows = []
    for arm in found:
        parameters = arm.constants.get("parameters")
        known = parameters is not None and norm
        rows.append(
            {
                "number": arm.number,
                "name": arm.name,
                "label": arm.label,
                "parameters": parameters,
                "unequal": bool(known) and abs(parameters / norm - 1) > BUDGET_TOLERANCE,  # type: ignore[operator]
                "step": arm.step,
                "steps": arm.steps,
                "tokens_per_seed": _tokens(arm),
                "seconds": arm.seconds,
                "seconds_per_step": arm.constants.get("seconds_per_step"),
                "peak_bytes": arm.constants.get("peak_bytes"),
                "reused_from": arm.reused_from,
            }
        )
    return rows


def _certificate(
    arm: Arm, pole: float | None, train_loss: float | None, bounds: Bounds | None
) -> Row:
    constants = arm.constants
    floor = constants.get("loss_floor")
    # A finite training set can be learnt by heart; a loss below the floor then proves nothing.
    fresh = not arm.config.get("task.train_sequences")
    cheats = (
        fresh and train_loss is not None and floor is not None and train_loss < floor - LOSS_SLACK
    )
    alarms = []
    if arm.causal and arm.measured_leak:
        alarms.append(f"promised causal, but leaks {constants['leak']:.1e} (> {LEAK_TOLERANCE:g})")
    if pole is not None and pole >= 1:
        alarms.append(f"unstable: pole radius {pole:.3f}")
    if cheats:
        alarms.append(f"loss {train_loss:.3f} below its floor {floor:.3f}: it must be cheating")
    return {
        "number": arm.number,
        "name": arm.name,
        "label": arm.label,
        "promised": "causal" if arm.causal else "LEAKY",
        "leak": constants.get("leak"),
        "pole_radius_max": pole,
        "pole_radius_median": constants.get("pole_radius_median"),
        "chance": constants.get("chance"),
        "window_ceiling": constants.get("window_ceiling"),
        "window": _window(arm, bounds),
        "train_loss": train_loss,
        "loss_floor": floor,
        "alarms": alarms,
    }


def _window(arm: Arm, bounds: Bounds | None) -> str:
    """What the score says about information from outside the attention window."""
    ceiling = arm.constants.get("window_ceiling")
    score = arm.interval("test", bounds)
    if ceiling is None or score is None:
        return ""
    if arm.leaky:
        return "LEAKY: says nothing"
    if bounds and ceiling >= bounds[1]:
        return "its window holds every answer"
    if score.low is None or score.high is None:
        return "undecided (one seed)"
    if score.low > ceiling:
        return BEATS_WINDOW
    return "below its window" if score.high < ceiling else "as good as its window"


def _tokens(arm: Arm) -> int | None:
    batch, length = arm.config.get("train.batch_size"), arm.config.get("task.length")
    return arm.step * batch * length if batch and length else None


def _largest(curves: pa.Table, metric: str) -> dict[int, float]:
    rows = curves.filter(pc.equal(curves["metric"], metric))
    grouped = rows.group_by("number").aggregate([("amount", "max")]).to_pylist()
    return {row["number"]: row["amount_max"] for row in grouped}


def _last_losses(curves: pa.Table) -> dict[int, float]:
    """Trial number to the mean training loss over its seeds and last few reports, nats."""
    losses: dict[int, dict[int, list[float]]] = {}
    for row in curves.filter(pc.equal(curves["metric"], "train_loss")).to_pylist():
        by_step = losses.setdefault(row["number"], {})
        by_step.setdefault(row["step"], []).append(row["amount"])
    means = {}
    for number, by_step in losses.items():
        last = [x for step in sorted(by_step)[-LAST_REPORTS:] for x in by_step[step]]
        if all(math.isfinite(x) for x in last):
            means[number] = math.fsum(last) / len(last)
    return means
