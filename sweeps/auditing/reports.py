"""The audit's rules for a trial's reports: every evaluation once, and the rows agree with them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from itertools import pairwise

from focus_core.metrics import declared
from sweeps.auditing.replicates import close, shown
from sweeps.record.derived_rows import evaluations
from sweeps.record.reader import Disagreement, ReportRow, TrialRow
from sweeps.record.schema import TERMINAL


def check_reports(trial: TrialRow) -> Iterator[Disagreement]:
    """Every rule about the reports of one trial."""
    steps = [report.step for report in trial.reports]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        yield _wrong(trial, f"reports at steps {_some(steps)}", "each after the one before")
    if steps and not 0 < min(steps) <= max(steps) <= trial.steps:
        yield _wrong(trial, f"reports at steps {_some(steps)}", f"from 1 to {trial.steps}")
    if trial.state in ("complete", "pruned") or steps:
        yield from _check_step(trial, steps)
    for report in trial.reports:
        yield from _check_value(trial, report)
        yield from _check_ranges(trial, report)
    if trial.state == "complete":
        yield from _check_complete(trial, steps)


def _check_step(trial: TrialRow, steps: list[int]) -> Iterator[Disagreement]:
    # An open trial may be behind its older reports: it repeats work, or trains added seeds.
    if trial.state in TERMINAL and trial.step not in steps:
        yield _wrong(trial, f"at step {trial.step}, last report {max(steps, default=0)}", "equal")


def _check_value(trial: TrialRow, report: ReportRow) -> Iterator[Disagreement]:
    """A report's value is the mean of all its seeds; if one seed is lost, there is no value."""
    if report.value is None:
        return
    said = _by_seed(report, "value")
    lost = sorted(seed for seed, value in said.items() if value is None) + sorted(
        _by_seed(report, "diverged")
    )
    if lost:
        what = f"step {report.step}: a value, yet seeds {lost} have none"
        yield _wrong(trial, what, "none: never of the survivors")
        return
    mean = statistics.fmean(v for v in said.values() if v is not None) if said else None
    if not math.isfinite(report.value) or mean is None or not close(mean, report.value):
        what = f"step {report.step}: value {report.value:.6g}"
        yield _wrong(trial, what, f"the mean of its seeds: {shown(mean)}")


def _check_ranges(trial: TrialRow, report: ReportRow) -> Iterator[Disagreement]:
    """A declared number is within its bounds; a number that is not declared may be anything."""
    for key, value in report.metrics.items():
        number = declared(key)
        if number is None or value is None:
            continue
        low, high = number.bounds
        if not low <= value <= high:
            wanted = f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"
            yield _wrong(trial, f"step {report.step}: {key} {value:.6g}", wanted)


def _check_complete(trial: TrialRow, steps: list[int]) -> Iterator[Disagreement]:
    wanted = evaluations(trial.config, trial.steps)
    if steps != wanted:
        lost, extra = sorted(set(wanted) - set(steps)), sorted(set(steps) - set(wanted))
        yield _wrong(
            trial,
            f"complete with {len(steps)} reports (lost {_some(lost)}; extra {_some(extra)})",
            f"{len(wanted)}, every evaluation once",
        )
    if not trial.reports:
        return
    last = trial.reports[-1]
    if trial.step == trial.steps != last.step:
        yield _wrong(trial, f"last report at step {last.step}", f"step {trial.step}")
    for name in ("value", "test"):
        told = _by_seed(last, name)
        for replicate in trial.replicates:
            own = getattr(replicate, name)
            said = told.get(replicate.seed)
            if own is not None and (said is None or not close(own, said)):
                what = f"seed {replicate.seed} has {name} {own:.6g}"
                yield _wrong(trial, what, f"its last report's {shown(said)}")


def _by_seed(report: ReportRow, name: str) -> dict[int, float | None]:
    """The numbers called ``name/0``, ``name/1`` ... of one report."""
    found: dict[int, float | None] = {}
    for key, value in report.metrics.items():
        head, slash, seed = key.partition("/")
        if slash and head == name and seed.isdigit():
            found[int(seed)] = value
    return found


def _some(steps: list[int]) -> str:
    text = ", ".join(str(step) for step in steps[:5])
    return (text or "none") + (" ..." if len(steps) > 5 else "")


def _wrong(trial: TrialRow, what: str, expected: str) -> Disagreement:
    return Disagreement(trial.trial_id, "ledger", what, expected)
