"""The test of one axis: by repeated measures, by a mixed model, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.findings.axis_curves import curve_of
from analysis.findings.axis_results import AxisLevel, AxisResult, Border, Gap
from analysis.findings.axis_table import AxisTable, as_columns, made_of
from analysis.findings.axis_values import AxisValues, Codes, Floats
from analysis.statistics.mixed import Contrasts, TrialEffect, contrasts, trial_effect
from analysis.statistics.pairs import (
    Pair,
    against_average,
    grid_contrasts,
    grid_pairs,
    model_pairs,
)
from analysis.statistics.repeated import repeated_measures

FEWEST_TRIALS = 3
"""A level with fewer trials has no noise estimate: it is shown, but not tested."""


def on_grid(table: AxisTable, number: int, sign: float, scores: Floats, rows: Codes) -> AxisResult:
    """Repeated measures over seeds; ``scores`` and ``rows`` are those of ``balanced``."""
    axis = table.axes[number]
    here = np.unique(axis.codes[rows])
    tested = repeated_measures(scores, floor=table.floor)
    pairs = _renumbered(grid_pairs(scores, floor=table.floor), here)
    average = against_average(len(here))
    around = grid_contrasts(scores, average, family=len(here), floor=table.floor)
    levels = _levels(table, axis, here, scores.mean(axis=1), around, by_seed=True)
    missing = int(axis.has.sum()) - len(rows)
    why = f"compared where every level was trained: {len(rows)} of {len(rows) + missing} trials"
    return AxisResult(
        **_about(axis, levels, table, len(rows)),
        **_ends(axis, levels, pairs, sign),
        analysis="grid",
        why=why if missing else "",
        verdict="open",
        pairs=tuple(pairs),
        f=tested.f,
        df1=tested.epsilon * tested.df1,
        df2=tested.epsilon * tested.df2,
        p=tested.p,
    )


def with_model(table: AxisTable, number: int, sign: float) -> AxisResult:
    """A mixed model of trials and seeds, adjusted for the other axes."""
    axis = table.axes[number]
    rows = _often(axis)
    here = np.unique(axis.codes[rows])
    if len(here) < 2:
        return without_test(
            table,
            number,
            f"fewer than two levels have {FEWEST_TRIALS} trials trained in full",
        )
    same = made_of(table, number, rows)
    if same:
        return _inseparable(table, number, f"it moved only together with {_and(same)}")
    columns = axis.columns(rows)
    beside = [other for i, other in enumerate(table.axes) if i != number]
    others, left_out = as_columns(beside, rows, spent=columns.shape[1])
    effect = trial_effect(table.scores[rows], columns, others, axis.groups(rows), floor=table.floor)
    if effect == "inseparable":
        return _inseparable(table, number, "the other axes together say where it stands")
    if not isinstance(effect, TrialEffect):
        return without_test(table, number, "no more trials than settings of the other axes")
    why = [f"not adjusted for {_and(left_out)}"] if left_out else []
    seldom = [axis.labels[i] for i in np.unique(axis.codes[axis.has]) if i not in here]
    why += [f"too few trials at {_and(seldom)}"] if seldom else []
    why += [] if effect.whole else ["some levels were tried only beside one level of another axis"]
    tested: dict[str, Any] = {"f": effect.f, "df1": float(effect.df1), "df2": effect.df2}
    tested |= {"p": effect.p, "analysis": "mixed", "verdict": "open", "why": "; ".join(why)}
    if axis.continuous:
        curve, ends = curve_of(axis, table.scores, rows, effect, sign)
        levels = _levels(table, axis, here, None, None)
        return AxisResult(**_about(axis, levels, table, len(rows)), **tested, **ends, curve=curve)
    pairs = _renumbered(model_pairs(effect), here)
    around = contrasts(effect, against_average(len(here)), family=len(here))
    levels = _levels(table, axis, here, effect.means, around)
    ends = _ends(axis, levels, pairs, sign)
    return AxisResult(
        **_about(axis, levels, table, len(rows)), **tested, **ends, pairs=tuple(pairs)
    )


def without_test(table: AxisTable, number: int, why: str) -> AxisResult:
    """The means of the levels without a test; ``why`` is the reason."""
    axis = table.axes[number]
    rows = np.flatnonzero(axis.has)
    levels = _levels(table, axis, np.unique(axis.codes[rows]), None, None)
    about = _about(axis, levels, table, len(rows))
    return AxisResult(**about, analysis="none", why=why, verdict="open")


def _inseparable(table: AxisTable, number: int, why: str) -> AxisResult:
    plain = without_test(table, number, why)
    return replace(plain, verdict="inseparable")


def _often(axis: AxisValues) -> Codes:
    """The trials at levels that have at least ``FEWEST_TRIALS`` trials."""
    counts = np.bincount(axis.codes[axis.has], minlength=len(axis.labels))
    enough = axis.has & (counts[axis.codes] >= FEWEST_TRIALS)
    return np.flatnonzero(enough)


def _about(
    axis: AxisValues, levels: Sequence[AxisLevel], table: AxisTable, trials: int
) -> dict[str, Any]:
    about: dict[str, Any] = {"key": axis.key, "name": axis.name, "levels": tuple(levels)}
    about |= {"continuous": axis.continuous, "log": axis.log}
    return about | {"seeds": len(table.seeds), "trials": trials}


def _levels(
    table: AxisTable,
    axis: AxisValues,
    here: Codes,
    means: Floats | None,
    around: Contrasts | None,
    *,
    by_seed: bool = False,
) -> list[AxisLevel]:
    """Every level of the axis; the levels that were tested have intervals."""
    place = {int(code): i for i, code in enumerate(here)}
    found = []
    for code, label in enumerate(axis.labels):
        scores = table.scores[axis.codes == code]
        at = place.get(code)
        mean = float(scores.mean()) if len(scores) else None
        low = high = None
        if means is not None and around is not None and at is not None:
            mean = float(means[at])
            low = _finite(mean + around.low[at] - around.estimate[at])
            high = _finite(mean + around.high[at] - around.estimate[at])
        found.append(
            AxisLevel(
                label=label,
                mean=mean,
                low=low,
                high=high,
                seeds=len(table.seeds),
                trials=len(scores),
                points=tuple((scores.ravel() if by_seed else scores.mean(axis=1)).tolist()),
            )
        )
    return found


def _ends(
    axis: AxisValues, levels: Sequence[AxisLevel], pairs: Sequence[Pair], sign: float
) -> dict[str, Any]:
    """The gap between best and worst tested level, the largest possible gap, and the border."""
    ranked = sorted(
        (i for pair in pairs for i in (pair.first, pair.second)),
        key=lambda i: (-sign * (levels[i].mean or 0.0), i),
    )
    best, worst = ranked[0], ranked[-1]
    pair = next((p for p in pairs if {p.first, p.second} == {best, worst}), None)
    gap = None
    if pair and pair.difference is not None:
        turned = pair if pair.first == best else _turned(pair)
        gap = Gap(
            best=levels[best].label,
            worst=levels[worst].label,
            difference=float(turned.difference or 0.0),
            low=turned.low,
            high=turned.high,
        )
    bounds = [abs(x) for p in pairs for x in (p.low, p.high) if x is not None]
    known = bool(bounds) and all(p.low is not None and p.high is not None for p in pairs)
    return {
        "gap": gap,
        "at_most": max(bounds) if known else None,
        "border": _border(axis, levels, pairs, best),
    }


def _border(
    axis: AxisValues, levels: Sequence[AxisLevel], pairs: Sequence[Pair], best: int
) -> Border | None:
    if axis.at is None or axis.ends is None or axis.at[best] not in axis.ends:
        return None
    last = axis.at[best] == axis.ends[1]
    beside = best - 1 if last else best + 1
    apart = any(p.apart for p in pairs if {p.first, p.second} == {best, beside})
    return Border(label=levels[best].label, side="above" if last else "below", decided=apart)


def _renumbered(pairs: Sequence[Pair], here: Codes) -> list[Pair]:
    """Pairs renumbered: from numbers of the tested levels to numbers of all levels."""
    if here[-1] == len(here) - 1:
        return list(pairs)
    return [replace(p, first=int(here[p.first]), second=int(here[p.second])) for p in pairs]


def _turned(pair: Pair) -> Pair:
    low, high, d = pair.low, pair.high, pair.difference
    return Pair(
        first=pair.second,
        second=pair.first,
        difference=-d if d is not None else None,
        low=-high if high is not None else None,
        high=-low if low is not None else None,
        p_holm=pair.p_holm,
    )


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
