"""A continuous axis as a curve with a band, its best and its worst point, and its border."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.findings.axis_results import Border, Curve, Gap
from analysis.findings.axis_values import AxisValues, Codes, Floats
from analysis.statistics.columns import curve_columns, knots_of
from analysis.statistics.mixed import TrialEffect, contrasts

POINTS = 41
NEAR = 0.1
"""An optimum at the last value tried touches an end within this share of the range."""


def curve_of(
    axis: AxisValues, scores: Floats, rows: Codes, effect: TrialEffect, sign: float
) -> tuple[Curve, dict[str, Any]]:
    """The curve of a fitted axis, and the fields of an ``AxisResult`` that follow from it."""
    tried = axis.scaled(rows)
    at = np.linspace(tried.min(), tried.max(), POINTS)
    weights = curve_columns(at, knots_of(tried))
    around = contrasts(effect, weights - weights.mean(axis=0), family=None)
    height = float(effect.means.mean() - effect.effects.mean())
    mean = height + weights @ effect.effects
    values = np.exp(at) if axis.log else at
    assert axis.amounts is not None
    curve = Curve(
        at=values,
        mean=mean,
        low=mean + around.low - around.estimate,
        high=mean + around.high - around.estimate,
        tried=axis.amounts[rows],
        scores=scores[rows].mean(axis=1),
    )
    best, worst = int(np.argmax(sign * mean)), int(np.argmin(sign * mean))
    apart = contrasts(effect, (weights[best] - weights[worst])[None], family=None)
    gap = Gap(
        best=f"{values[best]:.2g}",
        worst=f"{values[worst]:.2g}",
        difference=float(mean[best] - mean[worst]),
        low=_finite(apart.low[0]),
        high=_finite(apart.high[0]),
    )
    first, second = np.triu_indices(POINTS, 5)
    every = contrasts(effect, weights[first[::7]] - weights[second[::7]], family=None)
    bound = float(np.max(np.maximum(np.abs(every.low), np.abs(every.high)), initial=0.0))
    border = _border(axis, at, best, weights, effect)
    return curve, {"gap": gap, "at_most": _finite(bound), "border": border}


def _border(
    axis: AxisValues, at: Floats, best: int, weights: Floats, effect: TrialEffect
) -> Border | None:
    if axis.ends is None:
        return None
    low, high = (float(np.log(end)) if axis.log else end for end in axis.ends)
    near = NEAR * (high - low)
    above = best == POINTS - 1 and high - at[-1] <= near
    if not above and not (best == 0 and at[0] - low <= near):
        return None
    inner = POINTS - 1 - POINTS // 4 if above else POINTS // 4
    apart = contrasts(effect, (weights[best] - weights[inner])[None], family=None)
    return Border(
        label=f"{np.exp(at[best]) if axis.log else at[best]:.2g}",
        side="above" if above else "below",
        decided=bool(apart.low[0] > 0 or apart.high[0] < 0),
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
