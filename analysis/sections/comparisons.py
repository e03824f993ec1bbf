"""The section that compares each arm with the reference: a forest plot and a table."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.findings import Findings
from analysis.findings.comparison import Comparison
from analysis.findings.comparison_results import Comparisons
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.sections.arm_figures import by_difference, differences
from analysis.sections.card import Card, Column, Figure, Table
from analysis.sections.data_of_arms import ComparisonData, ComparisonsData
from analysis.sections.sentences import nothing_to_compare
from analysis.statistics.against import MIN_SEEDS
from sweeps.commands.command_line import counted

MOST_DRAWN = 60
SHOWN_VERDICT = {"equivalent": "as good"}


def card(findings: Findings) -> Card:
    """The card; if nothing is compared, the card says why."""
    study, found = findings.study, findings.comparisons
    rows = by_difference(study, found)
    return Card(
        name="comparisons",
        title="Comparisons",
        status="plain",
        words=_words(study, found),
        tables=_tables(study, found, rows),
        figures=_figures(study, found),
        data=ComparisonsData(
            reference=found.reference.name if found.reference else None,
            rows=[as_data(row) for row in found.rows],
            left_out=[
                {"trial_id": arm.trial_id, "name": arm.name, "why": why}
                for arm, why in found.left_out
            ],
        ),
    )


def as_data(row: Comparison) -> ComparisonData:
    """One comparison as plain data."""
    return {
        "trial_id": row.arm.trial_id,
        "number": row.arm.number,
        "name": row.arm.name,
        "difference": row.difference,
        "low": row.low,
        "high": row.high,
        "n": row.n,
        "df": row.df,
        "effect_size": row.effect_size,
        "p_holm": row.p_holm,
        "p_sign_flip": row.p_sign_flip,
        "by_seed": {str(seed): d for seed, d in row.by_seed.items()},
        "verdict": row.verdict,
    }


def _words(study: Study, found: Comparisons) -> list[str]:
    if not found.rows or found.reference is None:
        return [nothing_to_compare(study, found)]
    said = [
        f"Each arm minus {found.reference.name} ({study.reference_why}), on the test split, seed "
        f"by seed: {counted(len(found.rows), 'comparison')}. An interval holds for all of them at "
        "once, and however often seeds were added. Its noise is borrowed from all arms; an arm "
        "that is noisier than the others brings its own. The verdict follows from the interval "
        f"alone, and fewer than {MIN_SEEDS} seeds never decide."
    ]
    if found.gate is not None and not found.gate.rejected:
        said.append("Nothing is told apart from anything: no order of the arms is shown.")
    return said


def _tables(study: Study, found: Comparisons, rows: Sequence[Comparison]) -> list[Table]:
    tables = []
    if rows:
        tables.append(_table(study, found, rows))
    if found.left_out:
        tables.append(_left_out(found.left_out))
    return tables


def _table(study: Study, found: Comparisons, rows: Sequence[Comparison]) -> Table:
    reference = found.reference.name if found.reference else ""
    ended = {row.arm.number: _ended(row.arm, found) for row in rows}
    rates = any(ended.values())
    columns = [
        Column(title="arm"),
        Column(title="difference", kind="difference", help=f"from {reference}, paired by seed"),
        Column(title="95 %", kind="interval", help="holds for all arms and all looks at once"),
        Column(title="verdict", kind="mark"),
        Column(title="effect size", kind="number", unit="sd",
               help="over the standard deviation of a score, corrected for few seeds (Hedges)"),
        Column(title="p", kind="p", help="corrected over all arms (Holm) and all looks"),
        Column(title="p, assumption-free", kind="p", help="exact sign flips, not corrected"),
        Column(title="seeds", kind="count"),
        Column(title="df", kind="number", unit="1", help="degrees of freedom of the noise"),
        *([Column(title="learned", help="seeds that left chance")] if rates else []),
    ]  # fmt: skip
    cells = [
        (
            *(row.arm.name, row.difference, (row.low, row.high)),
            *(SHOWN_VERDICT.get(row.verdict, row.verdict), row.effect_size, row.p_holm),
            *(row.p_sign_flip, row.n, row.df),
            *([ended[row.arm.number] or None] if rates else []),
        )
        for row in rows
    ]
    return Table(
        name="comparisons",
        title=f"Test {study.metric.name} minus that of {reference}",
        columns=columns,
        rows=cells,
        links=[row.arm.trial_id for row in rows],
    )


def _left_out(arms: Sequence[tuple[Arm, str]]) -> Table:
    return Table(
        name="not_compared",
        title="Not compared",
        columns=[Column(title="arm"), Column(title="why")],
        rows=[(arm.name, why) for arm, why in arms],
        shown=10,
        links=[arm.trial_id for arm, _ in arms],
    )


def _ended(arm: Arm, found: Comparisons) -> str:
    one = found.learned.get(arm.number)
    return f"{one.learned} of {one.seeds}" if one and one.kind != "learned" else ""


def _figures(study: Study, found: Comparisons) -> list[Figure]:
    total = len(found.rows)
    drawn = min(total, MOST_DRAWN)
    if not total:
        return []
    caption = "The best first. Dots: seeds; bars: simultaneous 95 % intervals."
    if found.gate is not None and not found.gate.rejected:
        caption = caption.replace("The best first. ", "In order of the observed difference. ")
    if drawn < total:
        caption += f" The {drawn} of {total} that are furthest; the table has all."
    return [
        Figure(
            name="comparisons",
            draw=differences(study, found, MOST_DRAWN),
            alt=f"Difference in test {study.metric.name} of {counted(drawn, 'arm')} from the "
            "reference, with intervals",
            caption=caption,
        )
    ]
