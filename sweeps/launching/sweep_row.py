"""Make the sweep's row, or continue with the row that exists and update it.

A launch that would mix numbers of two versions of the code, or of two questions, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from focus_core.errors import UserError
from focus_core.metrics import SCORES
from focus_core.output import tell
from focus_core.tasks import TASKS
from sweeps.commands.command_line import counted, one_line
from sweeps.launching.plan_changes import (
    add_asked,
    asked,
    asked_until_now,
    chosen,
    note_changes,
)
from sweeps.planning.plan import Plan
from sweeps.provenance.code_identity import trial_code
from sweeps.record.ledger import Ledger
from sweeps.record.plan_history import seeds_of, standing
from sweeps.record.schema import IMPORTED, TERMINAL, Sweep, Trial
from sweeps.record.seeds import Seeds

SAMPLER_SEED = 0


def find_or_add(ledger: Ledger, plan: Plan, provenance: Mapping[str, Any]) -> Sweep:
    """The row of the sweep called ``plan.name``: made if there is none, otherwise unchanged.

    Args:
        ledger: the record.
        plan: what this launch asks for.
        provenance: see ``launch_origin.everything``.

    Raises:
        UserError: the sweep of that name asks or confirms something else, or was imported.
    """
    sweep = ledger.find_sweep(plan.name)
    if sweep is None:
        try:
            return add_asked(ledger, _new(plan, provenance), plan)
        except IntegrityError:  # another launcher was quicker
            sweep = ledger.find_sweep(plan.name)  # the lease decides which of the two goes on
    assert sweep is not None
    if sweep.space == IMPORTED:
        raise UserError(
            f"the sweep {plan.name!r} was imported from another tool and cannot be gone on with: "
            "choose another --name"
        )
    differs = same_question(plan, sweep)
    if differs:
        raise UserError(
            f"the sweep {plan.name!r} asks something else ({differs}): choose another --name"
        )
    confirms = standing(asked(ledger, sweep)).get("confirms")
    if confirms != plan.confirms:
        kind = f"confirms {confirms!r}: --name {confirms} --confirm K goes on with it"
        own = "is there, and confirms nothing: choose another --name for one of the two"
        raise UserError(f"the sweep {plan.name!r} {kind if confirms else own}")
    return sweep


def go_on(
    ledger: Ledger,
    plan: Plan,
    provenance: Mapping[str, Any],
    *,
    retry_failed: bool,
    rerun: bool,
    forget: Callable[[str], None],
) -> Sweep:
    """Update the sweep's row to what this launch asks for. Call this while the lease is held.

    Args:
        ledger: the record.
        plan: what this launch asks for.
        provenance: the provenance of this launch.
        retry_failed: failed trials will be tried again.
        rerun: everything will be trained again.
        forget: removes a trial's checkpoints.

    Raises:
        UserError: the launch would remove seeds or mix results of two versions of the code, or
            ``plan.only`` does not name complete trials.
    """
    sweep = ledger.find_sweep(plan.name)  # read again: nobody else may change it now
    assert sweep is not None
    if plan.seeds < sweep.seeds:
        flag = "--confirm" if plan.confirms else "--seeds"
        raise UserError(
            f"the sweep {plan.name!r} has {counted(sweep.seeds, 'seed')}: seeds can be added, not "
            f"taken away; use {flag} {sweep.seeds} or more, or another --name"
        )
    trials = ledger.trials(sweep)
    before = seeds_of(sweep, asked_until_now(ledger, sweep))
    more = dict(before.more) | dict.fromkeys(chosen(trials, plan.only), plan.seeds)
    count = sweep.seeds if plan.only else plan.seeds
    seeds = Seeds(count=count, first=before.first, more=more)
    goes_on = retry_failed or rerun or not _is_finished(sweep, trials, plan, seeds)
    other = [trial for trial in trials if trial.code != trial_code(trial.config)]
    if goes_on and (other or not any(trial.step for trial in trials)):
        _change_code(ledger, sweep, trials, other, provenance, rerun=rerun, forget=forget)
    elif goes_on:
        _warn_of_versions(sweep, provenance)
    planned = max(plan.trials, len(trials))
    wanted = {"planned": planned, "seeds": count, "sampler": plan.sampler}
    sweep = ledger.update_sweep(sweep, **wanted, **({"finished": None} if goes_on else {}))
    again = _trained_again(trials, rerun=rerun, retry_failed=retry_failed)
    note_changes(ledger, sweep, plan, more=more, again=again)
    return sweep


def same_question(plan: Plan, sweep: Sweep) -> str | None:
    """What differs between the plan and the sweep; None when nothing differs."""
    now = {
        "space": plan.space.name,
        "axes": json.loads(json.dumps(plan.space.describe_axes())),
        **plan.base.canonical(),
    }
    stored = {"space": sweep.space, "axes": sweep.axes, **sweep.base}
    if sweep.given is not None:  # settings that have no effect in the base, but may in an arm
        known = {*now, *(axis.key for axis in plan.space.axes)}
        now |= {k: v for k, v in plan.given["set"].items() if k not in known}
        stored |= {k: v for k, v in sweep.given["set"].items() if k not in known}
    keys = [*now, *(k for k in stored if k not in now)]
    wrong = [k for k in keys if now.get(k) != stored.get(k)]
    if not wrong:
        return None
    return ", ".join(f"{k} was {stored.get(k)}, now {now.get(k)}" for k in wrong[:3])


def _new(plan: Plan, provenance: Mapping[str, Any]) -> Sweep:
    task = TASKS[plan.base.task.name]
    return Sweep(
        name=plan.name,
        space=plan.space.name,
        question=plan.space.question,
        metric=task.metric,
        direction=SCORES[task.metric].direction,
        sampler=plan.sampler,
        sampler_seed=SAMPLER_SEED,
        seeds=plan.seeds,
        planned=plan.trials,
        base=plan.base.canonical(),
        axes=plan.space.describe_axes(),
        given=dict(plan.given),
        **provenance,
    )


def _is_finished(sweep: Sweep, trials: list[Trial], plan: Plan, seeds: Seeds) -> bool:
    """Whether nothing is left to train."""
    grows = plan.trials > max(sweep.planned, len(trials))
    open_seeds = any(seeds.missing(trial) for trial in trials if trial.state == "complete")
    ended = all(trial.state in TERMINAL for trial in trials)
    return sweep.finished is not None and ended and not grows and not open_seeds


def _trained_again(trials: list[Trial], *, rerun: bool, retry_failed: bool) -> str | None:
    """The flag that makes this launch train a trial again; None when none is trained again."""
    if rerun and any(trial.step or trial.state in TERMINAL for trial in trials):
        return "--rerun"
    failed = any(trial.state == "failed" for trial in trials)
    return "--retry-failed" if retry_failed and failed else None


def _change_code(
    ledger: Ledger,
    sweep: Sweep,
    trials: list[Trial],
    other: list[Trial],
    provenance: Mapping[str, Any],
    *,
    rerun: bool,
    forget: Callable[[str], None],
) -> None:
    """Record this launch's code for the ``other`` trials, or for all trials with ``rerun``.

    Raises:
        UserError: an ``other`` trial has begun, and ``rerun`` is not given.
    """
    begun = [trial for trial in other if trial.step]
    if begun and not rerun:
        first = begun[0]
        raise UserError(
            f"focus_core changed since the sweep {sweep.name!r} was trained "
            f"({first.code} -> {trial_code(first.config)} for {len(begun)} of "
            f"{counted(len(trials), 'trial')}): choose another --name, or --rerun"
        )
    changed = trials if rerun else other
    for trial in changed:  # before the ledger changes: no state of the old code may remain
        forget(trial.trial_id)
    codes = {trial.trial_id: trial_code(trial.config) for trial in changed}
    is_fresh = rerun or not any(trial.step for trial in trials)
    ledger.change_code(sweep, codes, start_over=rerun, **(provenance if is_fresh else {}))
    if not is_fresh:
        _warn_of_versions(sweep, provenance)


def _warn_of_versions(sweep: Sweep, provenance: Mapping[str, Any]) -> None:
    before, now = sweep.versions, provenance["versions"]
    changed = [f"{k} {before[k]} -> {v}" for k, v in now.items() if before.get(k, v) != v]
    if changed:
        tell(
            f"launch.py: warning: since the sweep {sweep.name!r} was begun these changed: "
            f"{one_line(', '.join(changed))}; its numbers may not be comparable "
            "(the ledger has which)",
            error=True,
        )
