"""Certificates: for each trial, the facts that say whether its score may be believed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from analysis.findings.beyond_window import windows
from analysis.findings.curves import rows_of
from analysis.reading.arms import Arm, Row
from analysis.statistics.seed_interval import Bounds
from focus_core.systems.focus.orders import may_grow
from sweeps.evidence.alarms import alarms

LAST_REPORTS = 3


def certificates(found: Sequence[Arm], curves: pa.Table, bounds: Bounds | None) -> list[Row]:
    """One row for each trial that reported: leak, poles, window, loss floor and the alarms."""
    losses = _last_losses(curves)
    against = windows(found, curves, bounds)
    return [
        _certificate(arm, losses.get(arm.number), against.get(arm.number, ""))
        for arm in found
        if arm.constants
    ]


def _certificate(arm: Arm, train_loss: float | None, window: str) -> Row:
    constants = arm.constants
    pole = constants.get("pole_radius_max")
    floor = constants.get("loss_floor") or None  # 0: any loss is possible, so there is no floor
    return {
        "number": arm.number,
        "name": arm.name,
        "label": arm.label,
        "trial_id": arm.trial_id,
        "promised": arm.promised,
        "leak": constants.get("leak"),
        "pole_radius_max": pole,
        "stability": _stability(arm, pole),
        "pole_radius_median": constants.get("pole_radius_median"),
        "chance": constants.get("chance"),
        "window_ceiling": constants.get("window_ceiling"),
        "window": window,
        "train_loss": train_loss,
        "loss_floor": floor,
        "future_masked": constants.get("future_masked"),
        "future_seen": constants.get("future_seen"),
        "theta_mean": constants.get("theta_mean"),
        "value": arm.value,
        "alarms": alarms(
            constants,
            causal=arm.promised == "causal",
            fresh=not arm.config.get("task.train_sequences"),
            train_loss=train_loss,
        ),
    }


def _stability(arm: Arm, pole: float | None) -> str:
    """What the largest pole radius certifies.

    If the state is carried from bin to bin and each bin has its own coefficients, poles inside the
    unit circle are not enough: products over bins may grow without bound. Some kinds of
    coefficients exclude this growth (``may_grow``).
    """
    if pole is None:
        return ""
    if not pole < 1:
        return "unstable"
    config = arm.config
    by_bin = config.get("model.filter") == "adaptive" or config.get("model.static_per") == "bin"
    kind, order = config.get("model.parameterisation", ""), config.get("model.order", 2)
    if config.get("model.carry") and by_bin and may_grow(kind, order):
        return "stable within a bin; carried over changing bins not certified"
    return "stable"


def _last_losses(curves: pa.Table) -> dict[int, float]:
    """Mean training loss over the seeds and the last few reports, nats, by trial number."""
    rows = rows_of(curves, "train_loss", by_seed=True)
    if not rows.num_rows:
        return {}
    number, step, loss = (rows[name].to_numpy() for name in ("number", "step", "amount"))
    order = np.lexsort((step, number))
    number, step, loss = number[order], step[order], loss[order]
    means = {}
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    for start, end in zip(starts, [*starts[1:], len(number)], strict=True):
        steps = np.unique(step[start:end])[-LAST_REPORTS:]
        last = loss[start:end][step[start:end] >= steps[0]]
        if np.isfinite(last).all():
            means[int(number[start])] = math.fsum(last) / len(last)
    return means
