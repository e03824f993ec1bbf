"""Make the sweep's row, or continue with the row that exists and update it.

A launch that would mix numbers of two versions of the code, or of two questions, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from focus_core.config.keys import defaults, spellings
from focus_core.data.own import keep
from focus_core.errors import UserError
from focus_core.metrics import SCORES
from focus_core.tasks import metric_of
from sweeps.commands.command_line import counted
from sweeps.launching.code_changes import change_code, warn_of_versions
from sweeps.launching.plan_changes import (
    add_asked,
    asked,
    asked_until_now,
    chosen,
    note_changes,
)
from sweeps.planning.own_data import DIGEST
from sweeps.planning.plan import Plan
from sweeps.planning.plan_in_words import describe_axis
from sweeps.provenance.code_identity import trial_code
from sweeps.record.ledger import Ledger
from sweeps.record.plan_history import seeds_of, standing
from sweeps.record.schema import IMPORTED, TERMINAL, Sweep, Trial
from sweeps.record.seeds import Seeds

SAMPLER_SEED = 0
MOST_SHOWN = 120
"""The most characters of an axis in a message."""


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
        _keep_data(plan)
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
    _keep_data(plan)
    return sweep


def _keep_data(plan: Plan) -> None:
    """Keep a person's own data in the data folder, once nothing else refuses the launch."""
    if plan.data is not None:
        keep(plan.data.digest)


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
        change_code(
            ledger, sweep, trials, other, plan=plan, found=provenance, rerun=rerun, forget=forget
        )
    elif goes_on:
        warn_of_versions(sweep, provenance)
    planned = max(plan.trials, len(trials))
    wanted = {"planned": planned, "seeds": count, "sampler": plan.sampler}
    sweep = ledger.update_sweep(sweep, **wanted, **({"finished": None} if goes_on else {}))
    again = _trained_again(trials, rerun=rerun, retry_failed=retry_failed)
    note_changes(ledger, sweep, plan, more=more, again=again)
    return sweep


def same_question(plan: Plan, sweep: Sweep) -> str | None:
    """What differs between the plan and the sweep; None when nothing differs.

    What a question asks counts. The name of a person's own question, and where it is written, do
    not: a file may be renamed, and ``--save-space`` may write what ``--vary`` asked.
    """
    now: dict[str, Any] = dict(plan.base.canonical())
    stored: dict[str, Any] = dict(sweep.base)
    given = sweep.given or {}
    are_own = "resolved" in given and "resolved" in plan.given
    if sweep.given is not None:  # options that have no effect in the base, but may in an arm
        spelt = {key for key, other in spellings().items() if other in now}
        known = {*now, *(axis.key for axis in plan.space.axes), *spelt}
        now |= {k: v for k, v in _every_option(plan.given, are_own).items() if k not in known}
        stored |= {k: v for k, v in _every_option(given, are_own).items() if k not in known}
    if ("resolved" in given) != ("resolved" in plan.given):
        ours, own = f"this project's {sweep.space}", "a question of your own"
        before, after = (own, "this project's") if "resolved" in given else (ours, own)
        return f"the question was {before}, now {after}"
    if not are_own:
        now, stored = {"space": plan.space.name, **now}, {"space": sweep.space, **stored}
    keys = [*now, *(k for k in stored if k not in now)]
    wrong = [k for k in keys if now.get(k) != stored.get(k)]
    wrong.sort(key=lambda key: key != DIGEST)  # other data change other options too
    words = [f"{k} was {stored.get(k)}, now {now.get(k)}" for k in wrong]
    words += _other_axes(sweep.axes, json.loads(json.dumps(plan.space.describe_axes())))
    words += _otherwise_resolved(given, plan.given) if are_own and not words else []
    return ", ".join(words[:3]) or None


def _every_option(given: Mapping[str, Any], is_own: bool) -> dict[str, Any]:
    """The options that a command line sets, or all options of the base of a question of one's own.

    The set of options is the same however the question is written, in one line or in a file.
    """
    return {**defaults(), **given["resolved"]["base"]} if is_own else dict(given["set"])


def _otherwise_resolved(stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs in a person's own question besides its base and its axes."""
    before, after = stored["resolved"], now["resolved"]
    words = [
        f"{name} was {before.get(key)}, now {after[key]}"
        for key, name in (("ffn_widths", "the arms' ffn_width"), ("pruner", "the pruner"))
        if before.get(key) != after[key]
    ]
    is_same = all(before[key] == after[key] for key in ("points", "drawn"))
    return words + ([] if is_same else ["other points, by the conditions of its axes"])


def _other_axes(stored: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[str]:
    """The axes that differ, in words."""
    before, after = ({axis["key"]: axis for axis in axes} for axes in (stored, now))
    keys = [*before, *(key for key in after if key not in before)]
    words = [
        f"axis {_in_words(before.get(key))} is now {_in_words(after.get(key))}"
        for key in keys
        if before.get(key) != after.get(key)
    ]
    return words or (["axes in another order"] if stored != now else [])


def _in_words(axis: dict[str, Any] | None) -> str:
    return "absent" if axis is None else describe_axis(axis)[:MOST_SHOWN]


def _new(plan: Plan, provenance: Mapping[str, Any]) -> Sweep:
    metric = metric_of(plan.base.task)
    return Sweep(
        name=plan.name,
        space=plan.space.name,
        question=plan.space.question,
        metric=metric,
        direction=SCORES[metric].direction,
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
