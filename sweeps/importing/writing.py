"""Write the content of a source into the ledger, as a sweep like any other."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from focus_core.errors import UserError
from sweeps.commands.command_line import shown
from sweeps.importing.axes import axes, constants, is_grid
from sweeps.importing.found import Asked, Found, listed
from sweeps.importing.grouping import Group, end, group, trial
from sweeps.provenance.sources.recorded import joined
from sweeps.record.ledger import Ledger
from sweeps.record.schema import IMPORTED, Sweep, now

UNKNOWN = "unknown"


def write(
    ledger: Ledger,
    found: Found,
    asked: Asked,
    *,
    name: str,
    command: str,
    question: str | None = None,
    tuned: Sequence[str] = (),
) -> tuple[Sweep, list[str]]:
    """Add the sweep with its trials, in one transaction.

    Args:
        ledger: the record.
        found: the content of the source.
        asked: the options of the import command.
        name: the name of the sweep.
        command: the command that imports the sweep.
        question: for people; None: a question that names the source.
        tuned: parameters that every arm tuned for itself.

    Returns:
        the sweep's row, and what a person should know of how the source was read.

    Raises:
        UserError: the ledger has a sweep of that name; the runs make no sweep; or a parameter of
            ``tuned`` does not vary.
    """
    groups, notes = group(found.runs, asked)
    notes = [*found.notes, *notes]
    configs = [each.config for each in groups]
    varied = axes(configs, found.axes, tuned)
    _check_tuned(tuned, [str(axis["key"]) for axis in varied])
    steps = max(end(run) for run in found.runs)
    trials = [trial(number, each, steps) for number, each in enumerate(groups)]
    keys = [axis["key"] for axis in varied]
    for row in trials:
        row.point = {key: row.config[key] for key in keys if key in row.config}
    sweep = Sweep(
        name=name,
        space=IMPORTED,
        question=question or f"What decides {found.metric} in {found.kind} {found.name}?",
        metric=found.metric,
        direction=found.direction,
        sampler="grid" if is_grid(configs, varied) else UNKNOWN,
        sampler_seed=0,
        seeds=len({seed for each in groups for seed in each.runs}),
        planned=len(trials),
        base=constants(configs),
        axes=varied,
        command=command,
        diff=joined([f"imported from {found.kind} {found.name}: what ran is unknown", *notes], ""),
        versions={},
        hardware={},
        created=_created(groups),
        finished=_finished(groups),
        trials=trials,
    )
    if ledger.find_sweep(name) is not None:
        raise _is_there(name)
    try:
        return ledger.add_sweep(sweep), notes
    except IntegrityError:  # another process was quicker
        raise _is_there(name) from None


def _check_tuned(tuned: Sequence[str], varied: Sequence[str]) -> None:
    for name in tuned:
        if name not in varied:
            near = difflib.get_close_matches(name, varied, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"what varies is {listed(varied)}"
            raise UserError(f"--tuned {shown(name)}: no parameter that varies; {hint}")


def _is_there(name: str) -> UserError:
    return UserError(f"the ledger has a sweep {name!r} already: choose another --name")


def _created(groups: Sequence[Group]) -> datetime:
    times = [run.started for each in groups for run in each.runs.values() if run.started]
    return min(times, default=None) or now()


def _finished(groups: Sequence[Group]) -> datetime | None:
    """The end of the sweep; None while a run of the source is running or waiting."""
    runs = [run for each in groups for run in each.runs.values()]
    if any(run.state in ("running", "waiting") for run in runs):
        return None
    return max((run.finished for run in runs if run.finished), default=None) or now()
