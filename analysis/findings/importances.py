"""The share of each axis in the spread between trials, and the curves of the strongest axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.findings.encoded import EncodedAxis, encoded_axes, encoded_points
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.statistics.importance import Importances, importances
from analysis.statistics.kernel import Floats
from analysis.statistics.partial_dependence import partial_dependence

FEWEST_TRIALS = 8
MOST_CURVES = 3
MOST_AXES = 40
SAME = 1e-12


@dataclass(frozen=True, kw_only=True)
class AxisImportance:
    """The importance of one axis; for other fields see ``statistics.importance.Importance``.

    Attributes:
        key: the axis' key in the ledger.
        name: the axis' name for readers.
        trials: number of trials that had the axis.
        conditional: whether some trials did not have the axis.
    """

    key: str
    name: str
    share: float
    low: float
    high: float
    p: float
    detectable: bool
    rank: int | None
    trials: int
    conditional: bool


@dataclass(frozen=True, kw_only=True)
class AxisCurve:
    """The mean score of the surrogate at values of one axis, averaged over all other axes.

    Attributes:
        key: the axis' key in the ledger.
        name: the axis' name for readers.
        values: numbers in order, or choices.
        choices: whether the values are choices.
        log: whether the axis is on a log scale.
        mean: mean score at each value.
        low: lower end of the pointwise 95 % interval.
        high: upper end.
        raw: value and test score of each trial.
    """

    key: str
    name: str
    values: tuple[Any, ...]
    choices: bool
    log: bool
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    raw: tuple[tuple[Any, float], ...]


@dataclass(frozen=True, kw_only=True)
class ImportanceFindings:
    """Importances of a study.

    Attributes:
        total: how many trials the sweep has.
        trials: how many of them were trained in full and may be ranked.
        left_out: number of the other trials, by the reason why they are left out.
        seeds: number of seeds that all trials share; 1 where the scores are means over own seeds.
        used: number of trials that functions of the surrogate were drawn from.
        explained: share of the trials' variance that the surrogate predicts for trials that it did
            not see.
        axes: by share, the largest first; empty where there are too few data.
        constant: names of the axes that did not vary.
        curves: curves of the strongest detectable axes; none on a complete grid, where the level
            means of each axis (``axes``) show the same without a fit.
        note: why there are no axes; empty where there are axes.
    """

    total: int
    trials: int
    left_out: dict[str, int]
    seeds: int
    used: int
    explained: float
    axes: tuple[AxisImportance, ...]
    constant: tuple[str, ...]
    curves: tuple[AxisCurve, ...]
    note: str

    @property
    def any_detectable(self) -> bool:
        """Whether the null hypothesis "no axis has an effect" is rejected (Holm over the axes)."""
        return any(axis.detectable for axis in self.axes)


def importance_findings(study: Study) -> ImportanceFindings:
    """Importances over the test scores of trials that were trained in full.

    Tuned axes are included, because each trial is a point of the space.
    """
    found = [arm for arm in study.trials if arm.ranked and arm.scores("test")]
    encoded = encoded_axes(study.axes, found)
    scores = _by_seed(found)
    facts: dict[str, Any] = {
        "total": len(study.trials),
        "trials": len(found),
        "left_out": _left_out(study.trials, found),
        "seeds": scores.shape[1],
        "constant": _constant(study, encoded),
    }
    note = _too_little(encoded, scores)
    if note:
        nothing: dict[str, Any] = {"axes": (), "curves": (), "used": 0, "explained": 0.0}
        return ImportanceFindings(**facts, **nothing, note=note)
    points = encoded_points(encoded, found)
    result = importances(points, scores, [len(axis.choices) for axis in encoded])
    order = sorted(range(len(encoded)), key=lambda k: -result.axes[k].share)
    is_grid = result.space.grid is not None
    strongest = [k for k in order if result.axes[k].detectable][: 0 if is_grid else MOST_CURVES]
    return ImportanceFindings(
        **facts,
        used=result.used,
        explained=result.explained,
        axes=tuple(_axis(encoded[k], result, k, points) for k in order),
        curves=tuple(_curve(encoded[k], result, k, found) for k in strongest),
        note="",
    )


def _by_seed(found: Sequence[Arm]) -> Floats:
    """Test scores of the shared seeds, (trials, seeds); means over own seeds if none is shared."""
    tests = [arm.scores("test") for arm in found]
    shared = sorted(set.intersection(*(set(test) for test in tests))) if tests else []
    if not shared:
        return np.array([[np.mean(list(test.values()))] for test in tests]).reshape(-1, 1)
    return np.array([[test[seed] for seed in shared] for test in tests])


def _left_out(trials: Sequence[Arm], found: Sequence[Arm]) -> dict[str, int]:
    numbers = {arm.number for arm in found}
    reasons = Counter(_reason(arm) for arm in trials if arm.number not in numbers)
    return dict(sorted(reasons.items()))


def _reason(arm: Arm) -> str:
    if arm.diverged:
        return "diverged"
    if arm.state != "complete":
        return arm.state
    return "leaky" if arm.leaky else "without a test score"


def _constant(study: Study, encoded: Sequence[EncodedAxis]) -> tuple[str, ...]:
    varied = {axis.key for axis in encoded}
    keys = [str(axis["key"]) for axis in study.axes]
    return tuple(EncodedAxis(key=key).name for key in keys if key not in varied)


def _too_little(encoded: Sequence[EncodedAxis], scores: Floats) -> str:
    if len(encoded) < 2:
        return "An importance compares axes: fewer than two varied among the trials."
    if len(encoded) > MOST_AXES:
        return f"More than {MOST_AXES} axes varied: too many to tell apart."
    if len(scores) < FEWEST_TRIALS:
        return (
            f"Fewer than {FEWEST_TRIALS} trials were trained in full ({len(scores)}): too few to "
            "say what an axis has a part in."
        )
    if np.ptp(scores.mean(axis=1)) <= SAME * max(1.0, float(np.abs(scores).max())):
        return "Every trial has the same score: there is no spread to explain."
    return ""


def _axis(axis: EncodedAxis, result: Importances, k: int, points: Floats) -> AxisImportance:
    alive = int(np.sum(~np.isnan(points[:, k])))
    return AxisImportance(
        key=axis.key,
        name=axis.name,
        trials=alive,
        conditional=alive < len(points),
        **vars(result.axes[k]),
    )


def _curve(axis: EncodedAxis, result: Importances, k: int, found: Sequence[Arm]) -> AxisCurve:
    curve = partial_dependence(result, k)
    return AxisCurve(
        key=axis.key,
        name=axis.name,
        values=tuple(axis.value(float(code)) for code in curve.codes),
        choices=bool(axis.choices),
        log=axis.log,
        mean=tuple(map(float, curve.mean)),
        low=tuple(map(float, curve.low)),
        high=tuple(map(float, curve.high)),
        raw=tuple(
            (arm.point[axis.key], float(arm.test))
            for arm in found
            if axis.key in arm.point and arm.test is not None
        ),
    )
