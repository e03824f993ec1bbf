"""Record what was asked of a sweep, with the time: first its plan, then every change of the plan.

A hypothesis counts as stated in advance only where its time proves it. A report names every change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from focus_core.errors import UserError
from sweeps.planning.plan import Plan
from sweeps.record.ledger import Ledger
from sweeps.record.plan_history import AskedAt, Said, read_asked, standing
from sweeps.record.schema import Asked, Sweep, Trial, now


def asked(ledger: Ledger, sweep: Sweep) -> list[AskedAt]:
    """The result of ``read_asked`` for ``sweep``, from an open ledger."""
    with ledger.reading() as session:
        return read_asked(session.connection(), sweep.id)


def add_asked(ledger: Ledger, sweep: Sweep, plan: Plan) -> Sweep:
    """Record a new sweep and its plan in one transaction.

    Raises:
        IntegrityError: a sweep of that name exists.
    """
    with ledger.writing() as session:
        session.add(sweep)
        session.flush()
        said = _after(_as_it_stands(sweep), plan)
        session.add(Asked(sweep_id=sweep.id, at=sweep.created, said=said))
    return sweep


def asked_until_now(ledger: Ledger, sweep: Sweep) -> list[AskedAt]:
    """The rows of ``sweep`` before this launch changes it.

    A sweep that is older than the table ``asked`` gets its first row here. Call this while the
    lease is held.
    """
    rows = asked(ledger, sweep)
    if not rows:
        rows = [AskedAt(sweep.created, _as_it_stands(sweep))]
        _write(ledger, sweep, rows[0])
    return rows


def note_changes(
    ledger: Ledger, sweep: Sweep, plan: Plan, *, more: Mapping[str, int], again: str | None
) -> None:
    """Record what this launch asks for, unless that is the same as before.

    Args:
        ledger: the record; call this while the lease is held.
        sweep: the row as this launch leaves it.
        plan: what this launch asks for.
        more: the number of seeds by trial id, for all trials that get more than the others.
        again: the flag that makes this launch train trials again; None: no trial is.
    """
    before = standing(asked(ledger, sweep))
    after = _after({**before, **_as_it_stands(sweep)}, plan)
    after |= {"more": dict(more)} if more else {}
    after |= {"again": again} if again else {}
    if after != before:
        _write(ledger, sweep, AskedAt(now(), after))


def _write(ledger: Ledger, sweep: Sweep, row: AskedAt) -> None:
    with ledger.writing() as session:
        session.add(Asked(sweep_id=sweep.id, at=row.at, said=row.said))


def chosen(trials: Sequence[Trial], words: Sequence[str]) -> list[str]:
    """The ids of the complete trials whose ids begin with ``words``.

    Raises:
        UserError: no trial or several trials begin with a word, or the trial is not complete.
    """
    found = []
    for word in words:
        ids = [trial for trial in trials if trial.trial_id.startswith(word)]
        if len(ids) != 1:
            raise UserError(f"--only {word[:40]}: {len(ids)} trials of this sweep begin so")
        (trial,) = ids
        if trial.state != "complete":
            raise UserError(
                f"--only {trial.trial_id}: it is {trial.state}; only a complete trial gets more "
                "seeds alone"
            )
        found.append(trial.trial_id)
    return found


def _as_it_stands(sweep: Sweep) -> Said:
    counts = {"seeds": sweep.seeds, "trials": sweep.planned}
    return {**counts, "sampler": sweep.sampler, "code": sweep.code}


def _after(before: Said, plan: Plan) -> Said:
    """``before`` with what ``plan`` says; what the plan leaves out stays as it was."""
    words: Said = {"hypothesis": plan.hypothesis, "margin": plan.margin, "confirms": plan.confirms}
    said = {key: value for key, value in words.items() if value not in ("", None)}
    first = {"first_seed": plan.first_seed} if plan.first_seed else {}
    return {**before, **said, **first}
