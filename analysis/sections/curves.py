"""The section on training curves: validation scores over steps."""

from __future__ import annotations

from analysis.findings import Findings
from analysis.findings.curves import Curve, curves
from analysis.reading.study import Study
from analysis.sections import curve_figures
from analysis.sections.card import Card, Figure
from analysis.sections.data_of_sweep import CurvesData

MOST_LINES = 150


def lines(study: Study) -> list[Curve]:
    """The curves that are drawn: of many arms, some, evenly from the ranking."""
    return curves(study, MOST_LINES)


def card(findings: Findings) -> Card | None:
    """The card: all arms in one figure, and some arms in a panel each; None without curves."""
    study = findings.study
    found = lines(study)
    if not found:
        return None
    key = curve_figures.main_axis(study, found)
    groups = curve_figures.groups_of(found, key)
    begun = sum(arm.step > 0 for arm in study.arms)
    cut = f" {MOST_LINES} of {begun} arms, evenly from the ranking." if begun > MOST_LINES else ""
    by = f", coloured by {curve_figures.axis_name(key)}" if len(groups) > 1 else ""
    panels = curve_figures.arms_shown(found)
    figures = [
        Figure(
            name="curves",
            draw=curve_figures.overlay(study, found),
            alt=f"Validation {study.metric.name} over training steps, a line an arm{by}",
            caption=f"A line is an arm's mean over its seeds{by}; broken where it did not complete "
            f"or sees the future.{cut}",
        ),
        Figure(
            name="curves_by_arm",
            draw=curve_figures.by_arm(study, found),
            alt=f"Validation {study.metric.name} over training steps, a panel an arm",
            caption="Thin: each seed. Thick: their mean, where every seed has a score."
            + (f" {len(panels)} of {len(found)} arms." if len(panels) < len(found) else ""),
            folded=True,
        ),
    ]
    return Card(
        name="curves",
        title="Curves",
        words=[f"Validation {study.metric.name} over the steps of training."],
        figures=figures if len(found) > 1 else figures[:1],
        data=CurvesData(arms=[curve.arm.trial_id for curve in found], coloured_by=key),
    )
