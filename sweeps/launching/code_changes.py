"""Trials whose code has changed since they were trained: refused, or begun anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import counted, one_line
from sweeps.launching.kept_plugins import changed_code
from sweeps.planning.plan import Plan
from sweeps.provenance.code_identity import trial_code
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Sweep, Trial


def change_code(
    ledger: Ledger,
    sweep: Sweep,
    trials: list[Trial],
    other: list[Trial],
    *,
    plan: Plan,
    found: Mapping[str, Any],
    rerun: bool,
    forget: Callable[[str], None],
) -> None:
    """Record this launch's code for the ``other`` trials, or for all trials with ``rerun``.

    Args:
        ledger: the record.
        sweep: the sweep's row.
        trials: all trials of the sweep.
        other: the trials that other code has trained, or would have.
        plan: what this launch asks for.
        found: the provenance of this launch.
        rerun: everything will be trained again.
        forget: removes a trial's checkpoints.

    Raises:
        UserError: an ``other`` trial has begun, and ``rerun`` is not given.
    """
    begun = [trial for trial in other if trial.step]
    if begun and not rerun:
        first = begun[0]
        what = changed_code(ledger, sweep, plan.plugins, first.config)
        raise UserError(
            f"{what} changed since the sweep {sweep.name!r} was trained "
            f"({first.code} -> {trial_code(first.config)} for {len(begun)} of "
            f"{counted(len(trials), 'trial')}): choose another --name, or --rerun"
        )
    changed = trials if rerun else other
    for trial in changed:  # before the ledger changes: no state of the old code may remain
        forget(trial.trial_id)
    codes = {trial.trial_id: trial_code(trial.config) for trial in changed}
    is_fresh = rerun or not any(trial.step for trial in trials)
    ledger.change_code(sweep, codes, start_over=rerun, **(found if is_fresh else {}))
    if not is_fresh:
        warn_of_versions(sweep, found)


def warn_of_versions(sweep: Sweep, provenance: Mapping[str, Any]) -> None:
    """Say which versions differ from those that the sweep was begun with."""
    before, now = sweep.versions, provenance["versions"]
    changed = [f"{k} {before[k]} -> {v}" for k, v in now.items() if before.get(k, v) != v]
    if changed:
        tell(
            f"launch.py: warning: since the sweep {sweep.name!r} was begun these changed: "
            f"{one_line(', '.join(changed))}; its numbers may not be comparable "
            "(the ledger has which)",
            error=True,
        )
