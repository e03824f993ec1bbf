"""The figures of a report and of a trial's page, each drawn into an ``Axes`` of yours.

Each function takes what ``load`` or ``load_look`` returned, and an ``ax``; without one it makes a
figure with pyplot, in the report's size and style. A function draws, returns the ``Axes``, and
saves and closes nothing. Where the report does not show a figure, such as a front of arms that are
not told apart, the function raises a ``UserError`` with the reason.
"""

from __future__ import annotations

from typing import TypeVar

from matplotlib.axes import Axes

from analysis.findings import Findings
from analysis.findings.comparison_results import Comparisons
from analysis.findings.importances import ImportanceFindings
from analysis.from_python.choice import named
from analysis.from_python.loading import Loaded
from analysis.from_python.look_figures import (
    filter_response,
    impulse_response,
    time_against_length,
)
from analysis.sections import (
    arm_figures,
    axes_figures,
    cost_figures,
    curve_figures,
    curves,
    importance_figures,
    trust,
    tuning_figures,
)
from analysis.sections.digits import study_format
from analysis.sections.importances import untold
from analysis.sections.sentences import nothing_to_compare
from focus_core.errors import require

__all__ = [
    "cells",
    "cost_front",
    "differences",
    "effect",
    "filter_response",
    "growth",
    "history",
    "importance_curve",
    "importances",
    "impulse_response",
    "learning_curves",
    "learning_curves_by_arm",
    "noise",
    "scores",
    "time_against_length",
    "timeline",
    "tuning_curve",
]

Item = TypeVar("Item")
OF_ARMS, OF_COMPARISONS = 24, 60
"""Arms that are drawn unless a caller asks for another number."""


def scores(loaded: Loaded, ax: Axes | None = None, *, most: int = OF_ARMS) -> Axes:
    """Test scores of the reference and of the arms furthest from it: seeds, means, intervals.

    Args:
        loaded: the sweep.
        ax: where to draw.
        most: largest number of arms.
    """
    with loaded.counting() as found:
        return arm_figures.scores(found.study, _compared(found), most).into(ax)


def differences(loaded: Loaded, ax: Axes | None = None, *, most: int = OF_COMPARISONS) -> Axes:
    """Each arm minus the reference, with simultaneous intervals, the best first.

    Args:
        loaded: the sweep.
        ax: where to draw.
        most: largest number of arms; of more, those furthest from the reference.
    """
    with loaded.counting() as found:
        return arm_figures.differences(found.study, _compared(found), most).into(ax)


def effect(loaded: Loaded, axis: str, ax: Axes | None = None) -> Axes:
    """The scores at each level of one axis, or along it where it is continuous.

    Args:
        loaded: the sweep.
        axis: its key or its short name, such as ``model.order`` or ``order``.
        ax: where to draw.
    """
    with loaded.counting() as found:
        axes = found.axes
        known = {each.key: each for each in axes.axes}
        why = "no axis has two values among the trials that were trained in full"
        one = named("axis", axis, known, {each.name: each for each in axes.axes}, why)
        return axes_figures.effect(one, axes.score).into(ax)


def cells(loaded: Loaded, rows: str, columns: str, ax: Axes | None = None) -> Axes:
    """The mean score at each pair of levels of two axes that the report shows together.

    Args:
        loaded: the sweep.
        rows: short name of one axis.
        columns: short name of the other; the report decides which of the two goes across.
        ax: where to draw.
    """
    with loaded.counting() as found:
        pairs = {f"{pair.rows} by {pair.columns}": pair for pair in found.axes.interactions}
        why = "no two axes are shown together: too few trials have each pair of their levels"
        turned = {f"{pair.columns} by {pair.rows}": pair for pair in pairs.values()}
        one = named("pair", f"{rows} by {columns}", pairs, turned, why)
        return axes_figures.cells(one, study_format(found.study)).into(ax)


def learning_curves(loaded: Loaded, ax: Axes | None = None) -> Axes:
    """Validation scores over the steps of training, a line for each arm: its mean over seeds."""
    with loaded.counting() as found:
        lines = curves.lines(found.study)
        require(bool(lines), "no trial has reported a score yet")
        return curve_figures.overlay(found.study, lines).into(ax)


def learning_curves_by_arm(loaded: Loaded, ax: Axes | None = None) -> Axes:
    """Validation scores over the steps of training: seeds and mean, a panel for each arm.

    All panels are in the one ``Axes``, whose scales are those of the panels' edges.
    """
    with loaded.counting() as found:
        lines = curves.lines(found.study)
        require(len(lines) > 1, "fewer than two arms have reported a score")
        return curve_figures.by_arm(found.study, lines).into(ax)


def importances(loaded: Loaded, ax: Axes | None = None) -> Axes:
    """The share of each axis in what the axes do, with its interval."""
    with loaded.counting() as found:
        return importance_figures.bars(_shares(found).axes).into(ax)


def importance_curve(loaded: Loaded, axis: str, ax: Axes | None = None) -> Axes:
    """The mean score along one of the strongest axes, over the whole space, by the fitted surface.

    Args:
        loaded: the sweep.
        axis: its key or its short name.
        ax: where to draw.
    """
    with loaded.counting() as found:
        drawn = _shares(found).curves
        known = {curve.key: curve for curve in drawn}
        why = "no surface was fitted: this is a complete grid, and effect() shows its means"
        one = named("axis", axis, known, {curve.name: curve for curve in drawn}, why)
        return importance_figures.curve_alone(one, found.study.metric.name).into(ax)


def tuning_curve(loaded: Loaded, arm: str | int, ax: Axes | None = None) -> Axes:
    """The best validation score of so many random tries: of one arm, and in grey the reference's.

    Args:
        loaded: the sweep.
        arm: name of the arm, or number of the trial that stands for it.
        ax: where to draw.
    """
    with loaded.counting() as found:
        arms = [each for each in found.tuning.arms if each.curve]
        why = "no arm has a tuning curve: it needs random tries of axes that are tuned"
        by_number = {str(each.number): each for each in arms}
        one = named("arm", str(arm), {each.name: each for each in arms}, by_number, why)
        reference, metric = found.tuning.reference, found.study.metric.name
        return tuning_figures.curve_alone(one, arms, reference, metric).into(ax)


def cost_front(loaded: Loaded, price: str, ax: Axes | None = None) -> Axes:
    """Test scores against a price, and the arms that no other beats at their price.

    Args:
        loaded: the sweep.
        price: such as ``parameters``, ``seconds_per_step`` or ``peak_bytes``.
        ax: where to draw.
    """
    with loaded.counting() as found:
        known = {front.price: front for front in found.costs.fronts}
        why = "no front is shown: nothing is told apart, or no price differs between the arms"
        one = named("price", price, known, {}, why)
        return cost_figures.front_alone(one, found.study.metric).into(ax)


def growth(loaded: Loaded, cost: str, ax: Axes | None = None) -> Axes:
    """A cost against the length of the sequences, and the power law that fits it.

    Args:
        loaded: the sweep.
        cost: ``seconds_per_step`` or ``peak_bytes``.
        ax: where to draw.
    """
    with loaded.counting() as found:
        known = {name: name for name in cost_figures.costs_of(found.costs.growth)}
        one = named("cost", cost, known, {}, "no growth is known: the length does not vary")
        return cost_figures.growth_alone(found.costs.growth, one).into(ax)


def history(loaded: Loaded, ax: Axes | None = None) -> Axes:
    """The best validation score so far against the number of trials that ended."""
    with loaded.counting() as found:
        steps = found.costs.history
        require(len(steps) > 1, "no history is shown of a grid, or where the first trial is best")
        return cost_figures.history(steps, found.study).into(ax)


def timeline(loaded: Loaded, ax: Axes | None = None) -> Axes:
    """When each trial ran; for many trials, how many ran at a time."""
    with loaded.counting() as found:
        spans = found.costs.spans
        require(len(spans) > 1, "fewer than two trials have run")
        return cost_figures.timeline(spans).into(ax)


def noise(loaded: Loaded, ax: Axes | None = None) -> Axes:
    """The standard deviation over seeds of each arm, against the arm's mean."""
    with loaded.counting() as found:
        enough = len(found.trust.noise) >= trust.FEW
        require(enough, f"fewer than {trust.FEW} arms have seeds that tell of the noise")
        return trust.noise(found.trust, found.study).into(ax)


def _compared(found: Findings) -> Comparisons:
    why = nothing_to_compare(found.study, found.comparisons) if not found.comparisons.rows else ""
    return _unless(why, found.comparisons)


def _shares(found: Findings) -> ImportanceFindings:
    return _unless(untold(found), found.importances)


def _unless(why: str, item: Item) -> Item:
    """The item, unless there is a reason not to show it."""
    require(not why, why)
    return item
