"""The section on tuned arms: tuning curves, or a note that intervals leave out tuning luck."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from analysis.findings import Findings
from analysis.findings.tuning import TunedArm, TuningFindings
from analysis.sections import tuning_figures
from analysis.sections.card import Card, Column, Figure, Status, Table
from analysis.sections.data_of_sweep import TunedData, TuningData
from analysis.statistics.tuning_curves import FEWEST
from sweeps.commands.command_line import counted


def card(findings: Findings) -> Card | None:
    """The card; None if nothing is tuned."""
    found = findings.tuning
    if found.kind == "none":
        return None
    curved = [arm for arm in found.arms if arm.curve]
    return Card(
        name="tuning",
        title="Tuned arms",
        status=_status(curved),
        words=_words(found, curved),
        tables=(_table(found),),
        figures=_figures(findings, curved),
        data=_data(found),
    )


def _status(curved: Sequence[TunedArm]) -> Status:
    """Open while some curve is not told apart from the reference's; plain without rivals."""
    rivals = [arm for arm in curved if arm.holds is not None]
    if not rivals:
        return "plain"
    return "decided" if all(arm.holds for arm in rivals) else "open"


def _words(found: TuningFindings, curved: Sequence[TunedArm]) -> list[str]:
    names = " and ".join(found.names)
    first = f"Each arm stands at its own {names}, chosen on validation."
    if found.kind == "fixed":
        return [
            first,
            "Every arm was tried at the same fixed values (a grid). What another choice of values "
            "would have given is unknown: tuning luck is not in any interval.",
        ]
    if found.kind == "adaptive":
        return [
            first,
            "A sampler that may look at earlier scores, as TPE does, proposed the values: tries "
            "are not independent, so there is no tuning curve, and tuning luck is not in any "
            "interval.",
        ]
    if not curved:
        return [
            first,
            f"No arm has {FEWEST} random tries: tuning luck is not in any interval.",
        ]
    return [first, *_verdicts(found, curved), *_reach(curved)]


def _verdicts(found: TuningFindings, curved: Sequence[TunedArm]) -> list[str]:
    name = next((arm.name for arm in found.arms if arm.number == found.reference), None)
    rivals = [arm for arm in curved if arm.holds is not None]
    if name is None or not rivals:
        return ["The reference has no tuning curve: arms are shown, not compared."]
    held = [arm for arm in rivals if arm.holds]
    said = [
        f"{arm.name} is {'better' if arm.better else 'worse'} than {name} at {_range(arm.holds)}."
        for arm in held
        if arm.holds
    ]
    if len(held) < len(rivals):
        open_ones = len(rivals) - len(held)
        said.append(
            f"{counted(open_ones, 'arm')} cannot be told from {name} at any number of tries."
        )
    return said


def _range(budgets: Sequence[int]) -> str:
    """Numbers of tries as ranges, such as ``2 to 5 tries`` or ``2 to 3, 6 tries``."""
    runs: list[list[int]] = []
    for k in budgets:
        if runs and k == runs[-1][-1] + 1:
            runs[-1].append(k)
        else:
            runs.append([k])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"{', '.join(parts)} {'try' if list(budgets) == [1] else 'tries'}"


def _reach(curved: Sequence[TunedArm]) -> list[str]:
    reach = [arm.curve.informative for arm in curved if arm.curve]
    tries = [arm.tries for arm in curved]
    return [
        f"With {_span(tries)} random tries an arm the bands say something up to the best of "
        f"{_span(reach)}; all of them hold together with 95 %. A try that was pruned, failed or "
        "diverged counts as the worst score seen. Scores are on validation."
    ]


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _table(found: TuningFindings) -> Table:
    columns = (
        Column(title="arm"),
        Column(title="tries", kind="count"),
        Column(title="trained in full", kind="count"),
        Column(title="band reaches", kind="count", help="Best of so many tries, at most."),
        Column(title="differs from the reference at", help="Numbers of tries."),
        Column(title="", kind="mark"),
    )
    rows = [
        (
            arm.name,
            arm.tries,
            arm.whole,
            arm.curve.informative if arm.curve else None,
            _range(arm.holds) if arm.holds else None,
            _mark(arm, found.reference),
        )
        for arm in found.arms
    ]
    return Table(name="tuning", title="Tuned arms", columns=columns, rows=rows)


def _mark(arm: TunedArm, reference: int | None) -> str | None:
    if arm.number == reference:
        return "reference"
    if arm.better is None:
        return "open" if arm.holds is not None else None
    return "better" if arm.better else "worse"


def _figures(findings: Findings, curved: Sequence[TunedArm]) -> tuple[Figure, ...]:
    if not curved:
        return ()
    found, metric = findings.tuning, findings.study.metric.name
    return (
        Figure(
            name="tuning_curves",
            draw=partial(tuning_figures.curves, curved, found.reference, metric),
            alt="Median of the best of so many random tries for each arm, with its band",
            caption="Line: median of the best of so many tries. Shade: where the truth lies for "
            "all arms and numbers of tries at once, with 95 %.",
        ),
    )


def _data(found: TuningFindings) -> TuningData:
    arms: list[TunedData] = [
        {
            "number": arm.number,
            "tries": arm.tries,
            "informative": arm.curve.informative if arm.curve else None,
            "holds": list(arm.holds) if arm.holds is not None else None,
            "better": arm.better,
        }
        for arm in found.arms
    ]
    return {"kind": found.kind, "axes": list(found.names), "arms": arms}
