"""The section on importances: each axis's share in the effects, and the strongest axes."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.findings import Findings
from analysis.findings.importances import ImportanceFindings
from analysis.sections import importance_figures
from analysis.sections.card import Card, Column, Figure, Table
from analysis.sections.data_of_sweep import ImportancesData, ShareData
from sweeps.commands.command_line import counted


def may_tell(findings: Findings) -> bool:
    """Whether shares and ranks may be shown at all.

    They may if the section's own null hypothesis, "no axis has an effect", is rejected at 5 %
    (Holm-corrected).
    """
    return findings.importances.any_detectable


def untold(findings: Findings) -> str:
    """Why no shares are shown; empty where they are."""
    if len(findings.study.axes) < 2:
        return "A sweep of fewer than two axes has no shares."
    found = findings.importances
    return found.note or ("" if may_tell(findings) else _nothing(found))


def card(findings: Findings) -> Card | None:
    """The card; None if the sweep has fewer than two axes."""
    if len(findings.study.axes) < 2:
        return None
    found = findings.importances
    if found.note:
        return Card(name="importances", title="Importances", words=(found.note,), data=_data(found))
    if not may_tell(findings):
        return Card(
            name="importances",
            title="Importances",
            status="open",
            words=(_nothing(found), *_what_counts(found)),
            data=_data(found) | {"told": False, "explained": None, "axes": []},
        )
    return Card(
        name="importances",
        title="Importances",
        status="decided",
        words=(_first(found), _meaning(found), *_what_counts(found)),
        tables=(_table(found),),
        figures=_figures(findings),
        data=_data(found),
    )


def _nothing(found: ImportanceFindings) -> str:
    return (
        f"Nothing could be told apart: no axis' part in the spread of {found.trials} trials can be "
        "told from chance, so none is given."
    )


def _first(found: ImportanceFindings) -> str:
    told = [axis for axis in found.axes if axis.detectable]
    ranked = [axis for axis in told if axis.rank == 1]
    names = _listed([axis.name for axis in told])
    others = len(found.axes) - len(told)
    rest = f" {'One axis' if others == 1 else f'{others} axes'} could not be told from chance."
    if len(told) == 1:
        return f"Of {len(found.axes)} axes only {names} is seen to move the score."
    order = (
        f"The largest part is that of {ranked[0].name}."
        if ranked
        else "Which of them has the largest part is open."
    )
    return f"{names} move the score. {order}" + (rest if others else "")


def _meaning(found: ImportanceFindings) -> str:
    foretold = 100 * max(found.explained, 0.0)
    return (
        "A share is the part of what the axes do, over the whole space, in which an axis has a "
        "hand, alone or together with others; shares can add up to more than 100 %. Bars are 95 % "
        f"intervals. The fitted surface foretells {foretold:.0f} % of the variance "
        "between trials that it did not see."
    )


def _what_counts(found: ImportanceFindings) -> list[str]:
    """Which trials count, and what the shares therefore do not cover."""
    said = f"From {found.trials} of {counted(found.total, 'trial')}, trained to the full budget"
    if found.left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in found.left_out.items())
        said += f"; left out: {reasons}"
    said += "."
    if found.left_out.get("pruned"):
        said += " These are survivors only: what pruning removed is not in any share."
    words = [said]
    if found.used < found.trials:
        words.append(f"The surface is drawn through {found.used} of them, chosen at random.")
    if found.seeds < 2:
        words.append("With one seed that all trials share, its own luck cannot be told apart.")
    if any(axis.conditional for axis in found.axes):
        words.append("An axis that only some trials have counts where it has an effect.")
    if found.constant:
        words.append(f"Did not vary: {_listed(found.constant)}.")
    return words


def _table(found: ImportanceFindings) -> Table:
    columns = (
        Column(title="axis"),
        Column(title="share", kind="number", unit="%", help="Part in what the axes do."),
        Column(title="95 % interval", kind="interval", unit="%"),
        Column(title="p (Holm)", kind="p", help="That the axis does nothing."),
        Column(title="rank", kind="count", help="Only where 95 % of the draws keep it."),
        Column(title="trials", kind="count", help="That have the axis."),
        Column(title="", kind="mark"),
    )
    rows = [
        (
            axis.name,
            100 * axis.share if axis.detectable else None,
            (100 * axis.low, 100 * axis.high),
            axis.p,
            axis.rank,
            axis.trials,
            "detectable" if axis.detectable else "not detectable",
        )
        for axis in found.axes
    ]
    return Table(name="importances", title="Importances", columns=columns, rows=rows)


def _figures(findings: Findings) -> tuple[Figure, ...]:
    found, metric = findings.importances, findings.study.metric.name
    bars = Figure(
        name="importances",
        draw=importance_figures.bars(found.axes),
        alt="Share of each axis with its 95 % interval",
        caption="Filled: detectable. Hollow: not told from chance, at most as far as its line.",
    )
    if not found.curves:
        return (bars,)
    curves = Figure(
        name="partial_dependence",
        draw=lambda theme: importance_figures.curves(found.curves, metric, theme),
        alt="Mean score of the fitted surface along the strongest axes, and the trials as dots",
        caption="Line: mean over the whole space. Shade: 95 % at each value. Dots: trials."
        + importance_figures.dots_words(found.curves),
        folded=True,
    )
    return bars, curves


def axes_as_data(found: ImportanceFindings) -> list[ShareData]:
    """The axes as plain data; an axis that is not detectable has no share."""
    return [
        {
            "key": axis.key,
            "share": axis.share if axis.detectable else None,
            "low": axis.low,
            "high": axis.high,
            "p_holm": axis.p,
            "rank": axis.rank,
            "detectable": axis.detectable,
        }
        for axis in found.axes
    ]


def _data(found: ImportanceFindings) -> ImportancesData:
    return {
        "told": found.any_detectable,
        "trials": found.trials,
        "left_out": found.left_out,
        "explained": found.explained,
        "axes": axes_as_data(found),
        "note": found.note,
    }


def _listed(names: Sequence[str]) -> str:
    """Names in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
