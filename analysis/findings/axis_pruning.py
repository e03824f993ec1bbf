"""Axes of a pruned sweep: whether they already matter before the pruner could choose.

A pruner keeps the luckier trials. At a noisier level more of this luck survives, so the remaining
trials may differ along an axis that has no effect. At the last step that all trials reached, the
pruner had not chosen yet. An axis matters only where two tests say so: the test of all trials at
that step, and the test of the trials trained in full. Two tests that must both reject are wrong no
more often than one of them (Berger 1982, "Multiparameter hypothesis testing and acceptance
sampling", Technometrics 24).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow.compute as pc

from analysis.findings.axis_results import AxisResult
from analysis.findings.axis_table import AxisTable, axis_table
from analysis.findings.curves import rows_of
from analysis.reading.arms import Arm
from analysis.reading.study import Study


def before_pruning(study: Study) -> tuple[AxisTable, int] | None:
    """Every trial's validation scores at the last step that all of them reached, and that step.

    None where nothing was pruned. The table is empty where no report has scores of that step.
    """
    arms = [arm for arm in study.arms if arm.ranked or _was_pruned(arm)]
    if not any(map(_was_pruned, arms)):
        return None
    step = min(arm.step for arm in arms)
    rows = rows_of(study.curves, "value", by_seed=True)
    rows = rows.filter(pc.equal(rows["step"], step))
    scores: dict[int, dict[int, float]] = {arm.number: {} for arm in arms}
    columns = (rows[name].to_pylist() for name in ("number", "seed", "amount"))
    for number, seed, amount in zip(*columns, strict=True):
        if number in scores:
            scores[number][seed] = amount
    told = [scores[arm.number] for arm in arms]
    axes = study.compared_axes
    return axis_table(arms, axes, told, counts=study.metric.is_proportion), step


def with_both(axis: AxisResult, early: Mapping[str, float | None], step: int) -> AxisResult:
    """The axis with the larger p-value of the two tests; open where one test is not possible.

    Args:
        axis: result from the trials that were trained in full.
        early: p-values before pruning, by the axis' key.
        step: the step of these p-values.
    """
    if axis.p is None:
        return axis
    p = early.get(axis.key)
    if p is None:
        why = f"trials were pruned, and it cannot be tested before that, at step {step}"
        return replace(axis, p=None, why=_and(axis.why, why))
    why = f"p is the larger one of two: of all trials at step {step}, and of those trained in full"
    return replace(axis, p=max(axis.p, p), why=_and(axis.why, why))


def _was_pruned(arm: Arm) -> bool:
    return arm.state == "pruned" and not arm.leaky and not arm.diverged


def _and(one: str, other: str) -> str:
    return f"{one}; {other}" if one else other
