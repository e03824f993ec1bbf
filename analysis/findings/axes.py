"""The effect of each axis: repeated measures where a grid is balanced, else a mixed model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.findings.axis_bounds import within
from analysis.findings.axis_effects import on_grid, with_model, without_test
from analysis.findings.axis_pruning import before_pruning, with_both
from analysis.findings.axis_results import AxisFindings, AxisResult, Counted
from analysis.findings.axis_table import AxisTable, axis_table, balanced
from analysis.findings.axis_values import Codes, Floats
from analysis.findings.interactions import interactions
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.statistics.correction import holm

__all__ = ["AxisFindings", "axis_findings"]

ALPHA = 0.05
FEWEST_SEEDS = 3
"""Fewer seeds never decide."""


def axis_findings(study: Study) -> AxisFindings:
    """Every compared axis of a study, tested on the test split, and the strongest interactions."""
    tests = [arm.scores("test") for arm in study.ranked]
    counts = study.metric.is_proportion
    table = axis_table(study.ranked, study.compared_axes, tests, counts=counts)
    grids, found = _tested(table, study.metric.sign)
    early = before_pruning(study)
    if early is not None:
        p_values = {axis.key: axis.p for axis in _tested(early[0], study.metric.sign)[1]}
        found = [with_both(axis, p_values, early[1]) for axis in found]
    return AxisFindings(
        axes=_judged([within(axis, study.metric.bounds) for axis in found]),
        interactions=interactions(table, grids),
        counted=_counted(study.arms, table),
        sampler=str(study.about["sampler"]),
        score=f"test {study.metric.name}",
    )


def _tested(
    table: AxisTable, sign: float
) -> tuple[dict[int, tuple[Floats, Codes]], list[AxisResult]]:
    """The balanced grids by axis number, and the result of every axis by its own test."""
    numbers = range(len(table.axes))
    grids = {i: grid for i in numbers if (grid := balanced(table, i))}
    return grids, [_one(table, i, sign, grids.get(i)) for i in numbers]


def _one(
    table: AxisTable, number: int, sign: float, grid: tuple[Floats, Codes] | None
) -> AxisResult:
    if len(table.seeds) < 2:
        return without_test(table, number, "one seed shows no noise")
    if grid is None:
        return with_model(table, number, sign)
    return on_grid(table, number, sign, *grid)


def _judged(found: Sequence[AxisResult]) -> tuple[AxisResult, ...]:
    """The axes with verdicts, by p-values that are corrected over all tested axes (Holm)."""
    tested = [i for i, axis in enumerate(found) if axis.p is not None]
    corrected = dict(zip(tested, holm([found[i].p or 0.0 for i in tested]), strict=True))
    return tuple(
        _verdict(axis, corrected[i]) if i in corrected else axis for i, axis in enumerate(found)
    )


def _verdict(axis: AxisResult, p_holm: float) -> AxisResult:
    if axis.seeds < FEWEST_SEEDS:
        why = f"n = {axis.seeds} seeds, fewer than {FEWEST_SEEDS} never decide"
        return replace(axis, p_holm=p_holm, verdict="open", why=why, border=None)
    if p_holm > ALPHA:
        return replace(axis, p_holm=p_holm, verdict="not told apart", border=None)
    return replace(axis, p_holm=p_holm, verdict="differ")


def _counted(arms: Sequence[Arm], table: AxisTable) -> Counted:
    return Counted(
        trials=len(arms),
        used=len(table.scores),
        pruned=sum(arm.state == "pruned" for arm in arms),
        failed=sum(
            arm.state in ("failed", "killed") or bool(arm.diverged or arm.unscored) for arm in arms
        ),
        leaky=sum(arm.leaky and arm.whole for arm in arms),
        seeds=table.seeds,
    )
