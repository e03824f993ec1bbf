"""Confirm a sweep: train its winner and its reference again, on fresh seeds.

The fresh seeds had no part in the choice of the winner. A confirmation is a separate sweep, named
after the sweep that it confirms. It is resumed, shown and audited like any other sweep, and cannot
change which trial won.
"""

from __future__ import annotations

import dataclasses
from argparse import Namespace

from focus_core.errors import require
from sweeps.evidence.winner import reference, winner
from sweeps.launching.sweep_row import same_question
from sweeps.planning.plan import NAME, Plan
from sweeps.provenance.code_identity import trial_code
from sweeps.record.plan_history import AskedAt, read_asked, standing
from sweeps.record.reader import Rows, TrialRow, read_sweeps
from sweeps.record.reading import reading
from sweeps.record.seeds import FIRST_FRESH
from sweeps.showing.progress import short_point

ENDING = "-confirm"


def confirmation_of(plan: Plan, args: Namespace) -> Plan:
    """The plan that confirms the sweep of ``plan``; this function only reads the ledger.

    Args:
        plan: the plan of the sweep to confirm.
        args: the command line. ``--confirm`` is the number of fresh seeds for each trial. Its other
            flags may not ask for more than the sweep already has.

    Raises:
        UserError: the sweep does not exist, has not ended, asks something else, was trained by
            other code, is itself a confirmation, or has no winner; or its name is too long.
    """
    name = plan.name + ENDING
    fits = NAME.fullmatch(name) is not None
    require(fits, f"--confirm would call its sweep {name[:40]!r}...: the name is too long")
    with reading(plan.home) as connection:
        (rows,) = read_sweeps(connection, plan.name)
        confirms = standing(read_asked(connection, rows.sweep.id)).get("confirms")
        found = read_sweeps(connection, name) if name in rows.sweep_names else []
        asked = [row for old in found for row in read_asked(connection, old.sweep.id)]
    require(confirms is None, f"{plan.name!r} confirms {confirms!r}: name that one with --name")
    _check(plan, rows)
    _check_as_it_is(args, rows)
    best, other = winner(rows), reference(rows)
    assert best is not None
    assert other is not None
    trials = {trial.trial_id: trial for trial in (best, other)}
    old = {trial.trial_id for each in found for trial in each.trials}
    space = dataclasses.replace(plan.space, question=_question(best, other), pruner=None)
    return dataclasses.replace(
        plan,
        name=name,
        space=space,
        sampler="grid",
        trials=len(trials.keys() | old),
        seeds=args.confirm,
        first=tuple(trial.point for trial in trials.values()),
        confirms=plan.name,
        first_seed=_first_seed(asked, rows.sweep.seeds),
        hypothesis="",
        margin=None,
    )


def _check(plan: Plan, rows: Rows) -> None:
    sweep = rows.sweep
    differs = same_question(plan, sweep)
    require(
        differs is None,
        f"the sweep {plan.name!r} asks something else ({differs}): give the --set of its command",
    )
    require(
        sweep.finished is not None,
        f"the sweep {plan.name!r} is not at its end: the same command without --confirm goes on",
    )
    require(winner(rows) is not None, f"no trial of {plan.name!r} was trained in full: nobody won")
    for trial in (winner(rows), reference(rows)):
        assert trial is not None
        here = trial_code(trial.config)
        require(
            trial.code == here,
            f"the code changed since the sweep {plan.name!r} was trained ({trial.code} -> {here}): "
            "other code cannot confirm it",
        )


def _check_as_it_is(args: Namespace, rows: Rows) -> None:
    sweep = rows.sweep
    known = {"seeds": sweep.seeds, "trials": sweep.planned}
    grows = [name for name, count in known.items() if (getattr(args, name) or 0) > count]
    grows += ["sampler"] if args.sampler not in (None, sweep.sampler) else []
    flag = "".join(f"--{name}" for name in grows[:1])
    said = f"launch it with this {flag} first without --confirm"
    require(not grows, f"--confirm trains trials of the sweep as it is: {said}")


def _first_seed(asked: list[AskedAt], seeds: int) -> int:
    return int(standing(asked).get("first_seed", max(FIRST_FRESH, seeds)))


def _question(best: TrialRow, other: TrialRow) -> str:
    if best.trial_id == other.trial_id:
        return f"Does the winner, the reference {_shown(best)}, hold on fresh seeds?"
    return f"Does the winner, {_shown(best)}, beat the reference, {_shown(other)}, on fresh seeds?"


def _shown(trial: TrialRow) -> str:
    others = {key: value for key, value in trial.point.items() if key != "variant"}
    name = " ".join(filter(None, (trial.variant, short_point(others))))
    return f"{name} ({trial.trial_id})" if name else trial.trial_id
