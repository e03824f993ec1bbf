"""Check MLflow's runs of one sweep against its ledger rows: one run per row, and both agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sweeps.auditing.replicates import close, shown
from sweeps.commands.command_line import counted
from sweeps.evidence.ranking import best_of, largest, may_rank
from sweeps.record.reader import Disagreement, Rows, TrialRow
from sweeps.record.schema import STATES, TERMINAL, Sweep
from sweeps.showing.tracking import run_fields as mlflow_rows
from sweeps.showing.tracking.points import STEP, score_key, test_key

ANEW = "written anew: by the next launch, or --repair"


@dataclass
class RunRow:
    """What MLflow holds of one active run."""

    id: str
    status: str
    tags: dict[str, str]
    last: dict[str, float] = field(default_factory=dict)
    """The newest value by key, which MLflow shows."""
    points: int = 0
    """The number of steps reported."""
    values: list[tuple[int, float]] | None = None
    """Every step and value of the score; None where they were not read."""
    elsewhere: str | None = None
    """Where MLflow looks for its files, if that is not in the home: then the home was moved."""

    @property
    def is_parent(self) -> bool:
        """Whether this is the sweep's own run."""
        return self.tags.get(mlflow_rows.KIND_TAG) == "sweep"

    @property
    def trial_id(self) -> str:
        """The id of the trial that the run shows."""
        return self.tags.get(mlflow_rows.TRIAL_TAG, "")


def check_mlflow(rows: Rows, runs: Sequence[RunRow], *, held: bool) -> list[Disagreement]:
    """Everything in MLflow that breaks a rule.

    Args:
        rows: the sweep.
        runs: the active runs that have the sweep's name and time of creation.
        held: whether a launcher works on the sweep; then MLflow may be a moment behind.
    """
    by_trial: dict[str, list[RunRow]] = {}
    parents = [run for run in runs if run.is_parent]
    for run in runs:
        if not run.is_parent:
            by_trial.setdefault(run.trial_id, []).append(run)
    found = list(_check_parent(rows, parents, held=held))
    for trial in rows.trials:
        own = by_trial.pop(trial.trial_id, [])
        if trial.state not in TERMINAL and held:
            continue
        found += _check_trial(rows.sweep, trial, own, parents)
    for trial_id, ghosts in by_trial.items():
        found.append(_wrong(trial_id, f"{counted(len(ghosts), 'run')} without a row", "none"))
    return found


def _check_trial(
    sweep: Sweep, trial: TrialRow, runs: Sequence[RunRow], parents: Sequence[RunRow]
) -> Iterator[Disagreement]:
    never_ran = trial.state in ("waiting", "killed") and not trial.reports
    if len(runs) != 1:
        if runs or not never_ran:
            yield _wrong(trial.trial_id, f"{len(runs)} runs", "one")
        return
    (run,) = runs
    if mlflow_rows.is_outdated(run.tags):
        yield _wrong(trial.trial_id, "its run has the names of an older version", ANEW)
        return
    if run.elsewhere is not None:
        yield _wrong(trial.trial_id, f"its run has its files in {run.elsewhere}", ANEW)
        return
    if run.tags.get(mlflow_rows.PARENT_TAG) not in [parent.id for parent in parents]:
        yield _wrong(trial.trial_id, "its run is under no sweep's run", "the parent's id")
    yield from _check_status(trial, run)
    yield from _check_points(sweep, trial, run)


def _check_status(trial: TrialRow, run: RunRow) -> Iterator[Disagreement]:
    wanted = {(trial.state, mlflow_rows.STATUS.get(trial.state, ""))}
    if trial.state in ("waiting", "running", "killed"):
        # The trial will go on. The last launcher has closed its run, or was killed before that.
        wanted |= {("killed", "KILLED"), ("waiting", "SCHEDULED")}
    wanted.discard(("running", "RUNNING"))  # open trials are only checked where nobody holds them
    has = (run.tags.get("state", ""), run.status)
    if has not in wanted:
        text = " or ".join(sorted(f"{state}, {status}" for state, status in wanted))
        yield _wrong(trial.trial_id, f"its run says {has[0]}, {has[1]}", text)


def _check_points(sweep: Sweep, trial: TrialRow, run: RunRow) -> Iterator[Disagreement]:
    steps = [report.step for report in trial.reports]
    if run.points != len(steps):
        yield _wrong(trial.trial_id, counted(run.points, "point"), counted(len(steps), "report"))
    last = run.last.get(STEP)
    if steps and last != max(steps):
        yield _wrong(trial.trial_id, f"last step {shown(last)}", f"step {max(steps)}")
    told = [report.value for report in trial.reports if report.value is not None]
    wanted = told[-1] if told else None
    score, test = run.last.get(score_key(sweep)), run.last.get(test_key(sweep))
    if not _same(score, wanted):
        yield _wrong(trial.trial_id, f"final value {shown(score)}", shown(wanted))
    if trial.state == "complete" and not _same(test, trial.test):
        yield _wrong(trial.trial_id, f"test {shown(test)}", shown(trial.test))
    yield from _check_curve(trial, run)


def _check_curve(trial: TrialRow, run: RunRow) -> Iterator[Disagreement]:
    if run.values is None:
        return
    doubled = sorted({step for step, _ in run.values if run.values.count((step, _)) > 1})
    if doubled:
        yield _wrong(trial.trial_id, f"value twice at steps {doubled[:5]}", "each point once")
    by_step: dict[int, list[float]] = {}
    for step, value in run.values:
        by_step.setdefault(step, []).append(value)
    for report in trial.reports:
        # A step trained again with more seeds has both means, because MLflow can only add points.
        found = by_step.pop(report.step, [])
        if report.value is not None and not any(close(value, report.value) for value in found):
            what = f"step {report.step}: value {', '.join(map(shown, found)) or 'none'}"
            yield _wrong(trial.trial_id, what, shown(report.value))
    if by_step:
        yield _wrong(trial.trial_id, f"values at steps {sorted(by_step)[:5]}", "no such report")


def _check_parent(rows: Rows, parents: Sequence[RunRow], *, held: bool) -> Iterator[Disagreement]:
    if len(parents) != 1:
        if parents or any(trial.reports for trial in rows.trials):
            yield _wrong("", f"{len(parents)} runs of the sweep", "one")
        return
    if held:
        return
    (parent,) = parents
    if mlflow_rows.is_outdated(parent.tags):
        yield _wrong("", "the sweep's run has the names of an older version", ANEW)
        return
    if parent.elsewhere is not None:
        yield _wrong("", f"the sweep's run has its files in {parent.elsewhere}", ANEW)
        return
    over = rows.sweep.finished is not None
    has, wanted = parent.status, "FINISHED" if over else "KILLED"
    if has != wanted:
        yield _wrong("", f"the sweep's run is {has}", wanted)
    counts: dict[str, int] = dict.fromkeys(STATES, 0)
    for trial in rows.trials:
        counts[trial.state] = counts.get(trial.state, 0) + 1
    counts["waiting"] += max(0, rows.sweep.planned - len(rows.trials))
    if counts["running"]:
        return
    for state in STATES:
        told = parent.last.get(f"trials/{state}")
        if told != counts[state]:
            yield _wrong("", f"trials/{state} is {shown(told)}", str(counts[state]))
    best = _best_value(rows)
    # While no trial ranks, MLflow may show the best value of an attempt that was started over.
    key = mlflow_rows.best_key(rows.sweep)
    if best is not None and not _same(parent.last.get(key), best):
        yield _wrong("", f"{key} is {shown(parent.last.get(key))}", shown(best))


def _best_value(rows: Rows) -> float | None:
    """The best value of the trials that may rank."""
    ranked = [
        trial
        for trial in rows.trials
        if may_rank(trial, largest("leak", (report.metrics for report in trial.reports)))
    ]
    best = best_of(ranked, maximize=rows.sweep.direction == "maximize")
    return None if best is None else best.value


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return close(one, other)


def _wrong(trial_id: str, what: str, expected: str) -> Disagreement:
    return Disagreement(trial_id, "MLflow", what, expected)
