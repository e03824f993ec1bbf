"""The section on cost: scores against prices, equal budgets, the search, workers, growth."""

from __future__ import annotations

from functools import partial

from analysis.findings import Findings
from analysis.findings.budgets import TOLERANCE
from analysis.findings.costs import CostFindings, Front, Growth
from analysis.reading.tuned import tuned_keys
from analysis.sections import cost_figures
from analysis.sections.card import Card, Column, Figure, Table
from analysis.sections.cost_figures import MOST_NAMED
from analysis.sections.data_of_sweep import CostData
from analysis.sections.reported import cell, column
from focus_core.metrics import REPORTED
from sweeps.commands.command_line import counted

MOST_SHOWN = 12
MOST_ROWS = 500  # trials.parquet holds every trial


def card(findings: Findings) -> Card | None:
    """The card; None if no trial took a step."""
    study = findings.study
    if not any(arm.step for arm in study.trials):
        return None
    found = findings.costs
    is_tuned = bool(tuned_keys(study.axes))
    unequal = [row for row in found.budgets if row.unequal]
    words = [_hours(found, len(study.trials))]
    words += [_worth(front) for front in found.fronts]
    words += [_growth_words(grown) for grown in _fewest(found)]
    tries = ", or fewer tries" if is_tuned else ""
    if unequal:
        words.append(
            f"{counted(len(unequal), 'arm')} had another budget than the reference "
            f"(more than {100 * TOLERANCE:.0f} % away{tries}): marked in the table."
        )
    return Card(
        name="cost",
        title="Cost",
        words=words,
        tables=[table for table in (_budgets(found, is_tuned), _growth(found)) if table.rows],
        figures=_figures(found, findings),
        data=_data(found),
    )


def _hours(found: CostFindings, trials: int) -> str:
    said = f"{counted(trials, 'trial')}: {_time(found.seconds)} of training"
    return said + (f" within {_time(found.wall)}." if found.wall else ".")


def _time(seconds: float) -> str:
    """A time such as ``42 s``, ``7.5 min`` or ``3.2 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _worth(front: Front) -> str:
    names = [f"({k}) {offer.name}" for k, offer in enumerate(front.best, 1)]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    price = REPORTED[front.price].words
    return (
        f"No arm as cheap in {price} has a better mean than these, the cheapest first: "
        f"{', '.join(names[:MOST_NAMED])}{more}."
    )


def _fewest(found: CostFindings) -> tuple[Growth, ...]:
    """The growth laws that get a sentence: all of up to four; of more, only the table tells."""
    return found.growth if len(found.growth) <= 4 else ()


def _growth_words(grown: Growth) -> str:
    law = grown.law
    where = f" ({grown.name})" if grown.name else ""
    error = f" [{law.low:.2f}, {law.high:.2f}]" if law.low is not None else ""
    what = REPORTED[grown.cost].words.capitalize()
    return f"{what}{where} grows as length to the power {law.exponent:.2f}{error}."


def _budgets(found: CostFindings, is_tuned: bool) -> Table:
    columns = (
        Column(title="arm"),
        Column(title="parameters", kind="count"),
        Column(title="tries", kind="count", help="Trials its tuned axes were chosen from."),
        Column(title="step", kind="count"),
        Column(title="of", kind="count"),
        Column(title="tokens a seed", kind="count"),
        column("flops_per_token"),
        column("decoder_bytes"),
        Column(title="training", kind="number", unit="s"),
        column("seconds_per_step"),
        column("peak_bytes"),
        Column(title="not equal", kind="mark", help="More than 10 % from the reference's."),
    )
    every = len(found.budgets)
    chosen = sorted(found.budgets, key=lambda row: not row.unequal)[:MOST_ROWS]
    rows = [
        (
            row.name,
            row.parameters,
            row.tried if is_tuned else None,
            row.step,
            row.steps,
            row.tokens,
            cell("flops_per_token", row.flops),
            cell("decoder_bytes", row.decoder_bytes),
            row.seconds,
            cell("seconds_per_step", row.seconds_per_step),
            cell("peak_bytes", row.peak_bytes),
            list(row.unequal) or None,
        )
        for row in chosen
    ]
    return Table(
        name="budgets",
        title="Budgets" + (f", {len(chosen)} of {every} arms" if len(chosen) < every else ""),
        columns=columns,
        rows=rows,
        shown=max(MOST_SHOWN, sum(bool(row.unequal) for row in chosen)),
        links=[row.trial_id for row in chosen],
    )


def _growth(found: CostFindings) -> Table:
    columns = (
        Column(title="cost"),
        Column(title="other settings"),
        Column(title="lengths", kind="count"),
        Column(title="exponent", kind="number", unit="1"),
        Column(title="95 % interval", kind="interval", unit="1"),
    )
    rows = [
        (
            REPORTED[grown.cost].words,
            grown.name or None,
            len(set(grown.sizes)),
            grown.law.exponent,
            None if grown.law.low is None else (grown.law.low, grown.law.high),
        )
        for grown in found.growth
    ]
    return Table(name="growth", title="Cost against length", columns=columns, rows=rows)


def _figures(found: CostFindings, findings: Findings) -> list[Figure]:
    metric = findings.study.metric
    figures = []
    if found.fronts:
        figures.append(
            Figure(
                name="pareto",
                draw=partial(cost_figures.fronts, found.fronts, metric),
                alt="Test score against parameters, time and memory, one dot an arm",
                caption="Line: arms that no other beats at their price, by their means. "
                "Bars: from the worst seed to the best one.",
            )
        )
    if len(found.history) > 1:
        figures.append(
            Figure(
                name="history",
                draw=cost_figures.history(found.history, findings.study),
                alt="Best validation score so far against the number of trials that ended",
                caption="On validation: the best of many is better than it will be again.",
                folded=True,
            )
        )
    if len(found.spans) > 1:
        figures.append(
            Figure(
                name="timeline",
                draw=cost_figures.timeline(found.spans),
                alt="When each trial ran, or how many ran at a time",
                caption="From a trial's first beginning to its end, pauses included.",
                folded=True,
            )
        )
    if found.growth:
        figures.append(
            Figure(
                name="growth",
                draw=partial(cost_figures.growth, found.growth),
                alt="Time a step and peak memory against the length of the sequence",
                folded=True,
            )
        )
    return figures


def _data(found: CostFindings) -> CostData:
    return {
        "seconds": found.seconds,
        "wall": found.wall,
        "pareto": {f.price: [offer.number for offer in f.best] for f in found.fronts},
        "unequal": {str(row.number): list(row.unequal) for row in found.budgets if row.unequal},
        "growth": [
            {
                "cost": grown.cost,
                "settings": grown.name,
                "exponent": grown.law.exponent,
                "low": grown.law.low,
                "high": grown.law.high,
            }
            for grown in found.growth
        ],
    }
