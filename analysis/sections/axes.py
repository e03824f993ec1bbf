"""The section on axes: the effect of each axis, alone and together with another axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.findings import Findings
from analysis.findings.axis_results import AxisFindings, AxisResult, Interaction
from analysis.sections.axes_figures import (
    cells,
    dots_drawn,
    effect,
    levels_drawn,
    strongest,
)
from analysis.sections.axes_words import method, sentences
from analysis.sections.card import Card, Column, Figure, Table
from analysis.sections.data_of_sweep import AxesData, AxisData
from analysis.sections.digits import Format, study_format
from analysis.sections.thinning import thinned_words

MOST_PANELS = 12
OPEN_PANELS = 6
SHOWN = 12

AXES = (
    Column(title="axis"),
    Column(title="verdict", kind="mark"),
    Column(title="best", help="the level with the best mean"),
    Column(title="worst", help="the level with the worst mean"),
    Column(title="best minus worst", kind="difference"),
    Column(title="95 %", kind="interval", help="holds for every pair of levels at once"),
    Column(title="at most", kind="number", help="how far apart two levels could still be"),
    Column(title="p (Holm)", kind="p", help="of no difference at all, corrected over the axes"),
    Column(title="F", help="with its degrees of freedom"),
    Column(title="trials", kind="count"),
    Column(title="seeds", kind="count"),
    Column(title="note"),
)
LEVELS = (
    Column(title="axis"),
    Column(title="level"),
    Column(title="mean", kind="number"),
    Column(title="95 %", kind="interval", help="of the distance from the average of all levels"),
    Column(title="trials", kind="count"),
    Column(title="seeds", kind="count"),
)
PAIRS = (
    Column(title="axis"),
    Column(title="level"),
    Column(title="minus"),
    Column(title="difference", kind="difference"),
    Column(title="95 %", kind="interval", help="holds for every pair of the axis at once"),
    Column(title="verdict", kind="mark"),
)
JUDGED = {
    "differ": "the levels differ",
    "not told apart": "the levels are not told apart",
    "inseparable": "not to be told from another axis",
    "open": "not tested",
}


def card(findings: Findings) -> Card | None:
    """The card: a figure per axis, at most two interactions, tables; None without axes."""
    found = findings.axes
    if not found.axes:
        return None
    scores = study_format(findings.study)
    ordered = strongest(found.axes)
    return Card(
        name="axes",
        title="Axes",
        status="decided" if found.told_apart else "open",
        words=[*sentences(found, scores), method(found)],
        tables=_tables(ordered),
        figures=[
            *_panels(ordered[:MOST_PANELS], found.score),
            *(_cells(pair, found.score, scores) for pair in found.interactions),
        ],
        data=_data(found),
    )


def _panels(axes: Sequence[AxisResult], score: str) -> list[Figure]:
    """One figure per axis; the first figure of each kind explains how to read the kind."""
    known: set[bool] = set()
    figures = []
    for place, axis in enumerate(axes):
        is_curve = axis.curve is not None
        figures.append(panel(axis, score, place, is_new=is_curve not in known))
        known.add(is_curve)
    return figures


def panel(axis: AxisResult, score: str, place: int, *, is_new: bool = True) -> Figure:
    """The figure of the axis at index ``place``; if ``is_new``, the caption explains the kind."""
    if axis.curve is not None:
        caption = "A dot is a trial. The curve has the other axes at their average; its band says "
        caption += "how far from the curve's own average it may be, everywhere at once."
    else:
        dot = "one seed of a trial" if axis.analysis == "grid" else "a trial"
        caption = f"A dot is {dot}, a diamond the mean of a level, its bar how far from the "
        caption += "average of all levels (dashed) it may be, for all levels at once."
    caption = caption if is_new else ""
    caption += thinned_words(*dots_drawn(axis))
    if axis.curve is None:
        shown = len(levels_drawn(axis))
        if shown < len(axis.levels):
            caption += f" The best and the worst {shown} of {len(axis.levels)} levels."
    return Figure(
        name=f"axis_{place + 1}_{_stem(axis.name)}",
        draw=effect(axis, score),
        alt=f"{score} at the levels of {axis.name}: {axis.verdict}",
        caption=f"{axis.name}: {JUDGED[axis.verdict]}. {caption}".strip(),
        folded=place >= OPEN_PANELS and not axis.differs,
    )


def _cells(pair: Interaction, score: str, scores: Format) -> Figure:
    return Figure(
        name=f"cells_{_stem(pair.rows)}_{_stem(pair.columns)}",
        draw=cells(pair, scores),
        alt=f"Mean {score} for each pair of levels of {pair.rows} and {pair.columns}",
        caption=f"{pair.rows} by {pair.columns}: raw means of {score} and how many trials each "
        "averages; nothing is adjusted for.",
    )


def _tables(ordered: Sequence[AxisResult]) -> list[Table]:
    tables = [
        Table(
            name="axes",
            title="What each axis does",
            columns=AXES,
            rows=[_row(axis) for axis in ordered],
            shown=SHOWN,
        ),
        Table(
            name="axis_levels",
            title="Means of every level",
            columns=LEVELS,
            rows=[
                [a.name, v.label, v.mean, _interval(v.low, v.high), v.trials, v.seeds]
                for a in ordered
                for v in a.levels
            ],
            shown=SHOWN,
        ),
    ]
    pairs = [row for axis in ordered for row in _pair_rows(axis)]
    if pairs:
        title = "Pairs of levels, of the axes that matter"
        tables.append(Table(name="axis_pairs", title=title, columns=PAIRS, rows=pairs, shown=SHOWN))
    return tables


def _row(axis: AxisResult) -> list[Any]:
    gap = axis.gap
    f = f"{axis.f:.1f} ({axis.df1:.1f}, {axis.df2:.1f})" if axis.f is not None else None
    return [
        axis.name,
        axis.verdict,
        gap.best if gap else None,
        gap.worst if gap else None,
        gap.difference if gap else None,
        _interval(gap.low, gap.high) if gap else None,
        axis.at_most,
        axis.p_holm,
        f,
        axis.trials,
        axis.seeds,
        axis.why or None,
    ]


def _pair_rows(axis: AxisResult) -> list[list[Any]]:
    """The rows of an axis's pairs; none unless the axis is shown to have an effect."""
    if not axis.differs:
        return []
    ranked = sorted(axis.pairs, key=lambda p: (not p.apart, -abs(p.difference or 0.0)))
    return [
        [
            axis.name,
            axis.levels[pair.first].label,
            axis.levels[pair.second].label,
            pair.difference,
            _interval(pair.low, pair.high),
            ("inseparable" if pair.difference is None else "apart" if pair.apart else "open"),
        ]
        for pair in ranked
    ]


def _interval(low: float | None, high: float | None) -> tuple[float | None, float | None] | None:
    return None if low is None and high is None else (low, high)


def _stem(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)[:40]


def _data(found: AxisFindings) -> AxesData:
    return {
        "score": found.score,
        "trials": found.counted.trials,
        "used": found.counted.used,
        "axes": [_axis_data(axis) for axis in found.axes],
        "interactions": [
            {"rows": i.rows, "columns": i.columns, "spread": i.spread, "p_holm": i.p_holm}
            for i in found.interactions
        ],
    }


def _axis_data(axis: AxisResult) -> AxisData:
    return {
        "key": axis.key,
        "name": axis.name,
        "analysis": axis.analysis,
        "why": axis.why,
        "verdict": axis.verdict,
        "seeds": axis.seeds,
        "trials": axis.trials,
        "p": axis.p,
        "p_holm": axis.p_holm,
        "at_most": axis.at_most,
        "gap": vars(axis.gap) if axis.gap else None,
        "border": vars(axis.border) if axis.border else None,
        "levels": [
            {"level": v.label, "mean": v.mean, "low": v.low, "high": v.high, "trials": v.trials}
            for v in axis.levels
        ],
    }
