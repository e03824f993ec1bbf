"""The audit's rules for an imported sweep: its rows must agree with each other.

An imported sweep has no search space of this program, no MLflow runs and no checkpoints. Its source
may know no test score and no budget, and may use any seeds. All other rules hold as for every
sweep.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from sweeps.auditing.checks import check_state, check_sweep
from sweeps.auditing.replicates import REPLICATE_STATES, close, shown
from sweeps.record.derived_rows import config_hash
from sweeps.record.reader import Disagreement, Rows, TrialRow

LEDGER = "ledger"


def check_imported(rows: Rows) -> list[Disagreement]:
    """Everything in the ledger that breaks a rule."""
    found = list(check_sweep(rows))
    for trial in rows.trials:
        found += check_state(rows, trial, held=True)  # it is unknown whether something runs it
        found += _check_identity(trial)
        found += _check_seeds(trial)
        found += _check_reports(trial)
    return found


def _check_identity(trial: TrialRow) -> Iterator[Disagreement]:
    hashed = config_hash(trial.config)
    if hashed != trial.trial_id:
        yield _wrong(trial, f"its config has the hash {hashed}", trial.trial_id)
    for key, value in trial.point.items():
        if trial.config.get(key) != value:
            yield _wrong(trial, f"its point has {key}={value}", f"its config's {key}")
    if not 0 <= trial.step <= trial.steps:
        yield _wrong(trial, f"at step {trial.step}", f"from 0 to {trial.steps}")


def _check_seeds(trial: TrialRow) -> Iterator[Disagreement]:
    seeds = [replicate.seed for replicate in trial.replicates]
    if not seeds or seeds != sorted(set(seeds)):
        yield _wrong(trial, f"seeds {seeds}", "one or more, each once")
    for replicate in trial.replicates:
        name, numbers = f"seed {replicate.seed}", (replicate.value, replicate.test)
        if replicate.state not in REPLICATE_STATES:
            yield _wrong(trial, f"{name} is {replicate.state!r}", "a state of a seed")
        if trial.state == "complete" and (replicate.state != "complete" or numbers[0] is None):
            yield _wrong(trial, f"complete, yet {name} is not", "every seed complete, with a score")
        if replicate.state == "diverged" and numbers != (None, None):
            yield _wrong(trial, f"{name} diverged, yet has a value", "none")
        if replicate.state == "diverged" and trial.state != "failed":
            yield _wrong(trial, f"{trial.state}, yet {name} diverged", "failed")
    for name in ("value", "test"):
        told = getattr(trial, name)
        scores = [getattr(replicate, name) for replicate in trial.replicates]
        whole = bool(scores) and None not in scores
        mean = statistics.fmean(scores) if whole else None
        if trial.state == "failed" and told is not None:
            yield _wrong(trial, f"failed, with {name} {told:.6g}", "none: never of the survivors")
        elif told is not None and (mean is None or not close(told, mean)):
            yield _wrong(trial, f"{name} {told:.6g}", f"the mean of its seeds: {shown(mean)}")
        elif told is None and trial.state == "complete" and (name == "value" or whole):
            yield _wrong(trial, f"complete, with no {name}", shown(mean))


def _check_reports(trial: TrialRow) -> Iterator[Disagreement]:
    steps = [report.step for report in trial.reports]
    if steps != sorted(set(steps)) or not all(0 <= step <= trial.steps for step in steps):
        yield _wrong(trial, f"reports at steps {steps[:5]}", f"in order, from 0 to {trial.steps}")
    for report in trial.reports:
        said = [value for key, value in report.metrics.items() if key.startswith("value/")]
        known = [value for value in said if value is not None]
        mean = statistics.fmean(known) if len(known) == len(trial.replicates) else None
        told = report.value
        if told is not None and (mean is None or not math.isfinite(told) or not close(told, mean)):
            yield _wrong(trial, f"step {report.step}: value {told:.6g}", f"{shown(mean)}")


def _wrong(trial: TrialRow, what: str, expected: str) -> Disagreement:
    return Disagreement(trial.trial_id, LEDGER, what, expected)
