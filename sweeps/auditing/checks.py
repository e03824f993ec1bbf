"""The audit's rules for one sweep's ledger rows: pure functions from rows to disagreements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from focus_core.config import TrialConfig, from_flat
from sweeps.auditing.replicates import check_replicates
from sweeps.auditing.reports import check_reports
from sweeps.commands.command_line import counted
from sweeps.provenance.code_identity import trial_code
from sweeps.record.derived_rows import config_hash
from sweeps.record.reader import Disagreement, Rows, TrialRow
from sweeps.record.schema import STATES, TERMINAL

Configure = Callable[[dict[str, Any]], TrialConfig]
LEDGER = "ledger"


def check_ledger(rows: Rows, *, held: bool, configure: Configure | None) -> list[Disagreement]:
    """Everything in the ledger that breaks a rule.

    Args:
        rows: the sweep.
        held: whether a launcher works on the sweep.
        configure: makes a point's config; None where the space is gone or has changed.
    """
    found = list(check_sweep(rows))
    over = rows.sweep.finished is not None
    for trial in rows.trials:
        found += check_identity(trial, configure)
        found += check_state(rows, trial, held=held)
        found += check_numbers(trial)
        found += check_replicates(trial, rows.seeds.of(trial.trial_id), over=over)
        found += check_reports(trial)
    return found


def check_sweep(rows: Rows) -> Iterator[Disagreement]:
    """Every planned trial has one row."""
    sweep = rows.sweep
    numbers = [trial.number for trial in rows.trials]
    if numbers != list(range(len(numbers))):
        missing = sorted(set(range(max(numbers) + 1)) - set(numbers))
        yield _wrong("", f"trials {_some(missing)} have no row", "numbers 0, 1, 2 ... without gap")
    ids = Counter(trial.trial_id for trial in rows.trials)
    for trial_id, count in ids.items():
        if count > 1:
            yield _wrong(trial_id, f"{count} rows", "one row a trial")
    if len(ids) > sweep.planned:
        yield _wrong("", counted(len(ids), "row"), counted(sweep.planned, "planned trial"))
    if sweep.finished and len(ids) < sweep.planned:
        wanted = counted(sweep.planned, "planned trial")
        yield _wrong("", f"finished with {counted(len(ids), 'row')}", wanted)


def check_identity(trial: TrialRow, configure: Configure | None) -> Iterator[Disagreement]:
    """The trial's id is the hash of the trained config, and of the config that its point gives."""
    hashed = config_hash(trial.config)
    if hashed != trial.trial_id:
        yield _wrong(trial.trial_id, f"its config has the hash {hashed}", trial.trial_id)
        return
    if trial.config.get("train.steps") != trial.steps:
        budget = trial.config.get("train.steps")
        yield _wrong(trial.trial_id, f"a budget of {trial.steps} steps", f"its config's {budget}")
    for key, value in trial.point.items():  # a key that has no effect is not in the config
        if trial.config.get(key, value) != value:
            what = f"its point has {key}={value}"
            yield _wrong(trial.trial_id, what, f"its config's {trial.config[key]}")
    # other code may have made another config from the point, and another id from the config
    is_other = trial.code not in ("", trial_code(trial.config))
    configure = None if is_other else configure
    try:
        config = from_flat(trial.config) if configure is None else configure(trial.point)
    except (TypeError, ValueError) as error:
        if is_other:
            return
        said = str(error).splitlines()[0]
        yield _wrong(trial.trial_id, f"its config cannot be built: {said}", "a config that can")
        return
    if config.trial_id != trial.trial_id:
        if is_other:
            return
        source = "its config, resolved," if configure is None else "its point"
        yield _wrong(trial.trial_id, f"{source} has the id {config.trial_id}", trial.trial_id)
    elif trial.causal == bool(config.resolved_model().leaks()):
        yield _wrong(trial.trial_id, f"causal={trial.causal}", f"causal={not trial.causal}")


def check_state(rows: Rows, trial: TrialRow, *, held: bool) -> Iterator[Disagreement]:
    """The state is a possible one, and the other columns fit it."""
    state, over = trial.state, rows.sweep.finished is not None
    if state not in STATES:
        yield _wrong(trial.trial_id, f"state {state!r}", f"one of {', '.join(STATES)}")
    elif not held and state == "running":
        yield _wrong(
            trial.trial_id, "running, but no launcher holds the sweep", "relaunched, or killed"
        )
    elif not held and over and state not in TERMINAL:
        yield _wrong(trial.trial_id, f"{state}, but the sweep is finished", ", ".join(TERMINAL))
    ended = state not in ("waiting", "running")
    if (trial.finished is not None) != ended:
        what = "no end" if ended else "an end"
        yield _wrong(trial.trial_id, f"{state}, with {what}", f"an end: {ended}")
    if state in ("pruned", "failed", "killed") and not trial.reason:
        yield _wrong(trial.trial_id, f"{state} without a reason", "one line why")
    if state == "complete" and (trial.reason or trial.error):
        yield _wrong(trial.trial_id, f"complete, yet {trial.reason or 'an error'!r}", "no reason")
    if trial.reused_from is not None and trial.reused_from not in rows.sweep_names:
        yield _wrong(trial.trial_id, f"reused from {trial.reused_from!r}", "a sweep of this ledger")


def check_numbers(trial: TrialRow) -> Iterator[Disagreement]:
    """The trial's step and numbers are possible in its state."""
    if trial.retries < 0 or (trial.reused_from and trial.retries):
        yield _wrong(trial.trial_id, f"{trial.retries} retries", "0 or more; none where reused")
    if not trial.seconds >= 0:
        yield _wrong(trial.trial_id, f"{trial.seconds} seconds of training", "0 or more")
    if trial.state == "complete" and trial.step != trial.steps:
        yield _wrong(trial.trial_id, f"complete at step {trial.step}", f"step {trial.steps}")
    if trial.state == "pruned" and not 0 < trial.step < trial.steps:
        yield _wrong(trial.trial_id, f"pruned at step {trial.step}", f"before step {trial.steps}")
    if trial.state in ("pruned", "failed") and trial.test is not None:
        yield _wrong(trial.trial_id, f"{trial.state}, with a test value", "none: not fully trained")


def _some(numbers: Sequence[int]) -> str:
    return ", ".join(str(n) for n in numbers[:5]) + (" ..." if len(numbers) > 5 else "")


def _wrong(trial_id: str, what: str, expected: str) -> Disagreement:
    return Disagreement(trial_id, LEDGER, what, expected)
