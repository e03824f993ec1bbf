"""Group runs into trials: runs that differ only in their seed are one trial, one run per seed."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from focus_core.config import Scalar
from focus_core.errors import UserError
from sweeps.commands.command_line import counted, shown
from sweeps.importing.found import SEED, Asked, Run, existing, listed
from sweeps.record.derived_rows import config_hash, finite
from sweeps.record.schema import Replicate, Report, State, Trial, now

MOST_SEED = 2**31
ENDED = ("complete", "pruned", "failed", "killed")
WORST_FIRST: tuple[State, ...] = ("failed", "killed", "running", "waiting", "pruned")
"""A trial has the state of its worst seed; it is complete where every seed is complete."""


@dataclass
class Group:
    """The runs of one configuration by seed, and the number of further runs without a score."""

    config: dict[str, Scalar]
    runs: dict[int, Run]
    retries: int = 0


def group(runs: Sequence[Run], asked: Asked) -> tuple[list[Group], list[str]]:
    """The configurations in the order of their first runs, and notes on how they were grouped.

    Raises:
        UserError: no run has begun; a parameter does not exist; a seed is not valid; or one seed
            of one configuration has two different scores.
    """
    known = {name for run in runs for name in run.parameters}
    seed = asked.seed or (SEED if SEED in known else None)
    for flag, names in (("--seed", [seed] if seed else []), ("--parameters", asked.parameters)):
        for name in names or ():
            existing(name, known, "parameter", flag)
    begun = [run for run in runs if not _not_begun(run, seed)]
    if not begun:
        raise UserError("no run has begun: there is nothing to report on yet")
    groups: dict[str, Group] = {}
    for run in begun:
        config = {
            name: value
            for name, value in run.parameters.items()
            if name != seed and (not asked.parameters or name in asked.parameters)
        }
        found = groups.setdefault(json.dumps(config, sort_keys=True), Group(config, {}))
        if seed is None:
            found.runs[len(found.runs)] = run
        else:
            _add(found, run, seed)
    return list(groups.values()), _notes(list(groups.values()), seed, len(runs) - len(begun))


def _not_begun(run: Run, seed: str | None) -> bool:
    """Whether the run is not complete, has no score, and lacks its parameters or its seed."""
    lacks = not run.parameters or (seed is not None and seed not in run.parameters)
    return lacks and run.value is None and run.state != "complete"


def _add(found: Group, run: Run, seed: str) -> None:
    """Add a run. A seed without a score may be tried again; two scores of one must be equal."""
    number = _seed(run, seed)
    before = found.runs.get(number)
    if before is None or before.value is None:
        found.retries += before is not None
        found.runs[number] = run
    elif run.value is None:
        found.retries += 1
    elif not (run.value == before.value and run.test == before.test):
        raise UserError(
            f"{before.name} and {run.name} have the same {seed} {number} and the same "
            f"{listed(sorted(found.config)) or 'parameters'}, yet scores {before.value:g} and "
            f"{run.value:g}: name what tells them apart with --parameters, or another --seed"
        )


def _notes(groups: Sequence[Group], seed: str | None, left_out: int) -> list[str]:
    notes = []
    if seed is None and any(len(found.runs) > 1 for found in groups):
        notes.append(
            "nothing says which parameter is the seed (--seed): runs of equal parameters are "
            "numbered 0, 1, 2 ..., and what is paired by these numbers shares nothing"
        )
    if left_out:
        notes.append(f"{counted(left_out, 'run')} that had not begun are left out")
    return notes


def _seed(run: Run, name: str) -> int:
    seed = run.parameters.get(name)
    if isinstance(seed, float) and seed.is_integer():
        seed = int(seed)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < MOST_SEED:
        raise UserError(
            f"{run.name}: {shown(name)} is {shown(str(seed))}, and a seed is a whole number from 0"
        )
    return seed


def trial(number: int, found: Group, steps: int) -> Trial:
    """The ledger's row of a configuration, with its seeds and reports.

    Args:
        number: the trial's number in the sweep.
        found: the runs of the configuration.
        steps: the last step of the sweep's longest run: the budget of an incomplete trial.
    """
    runs = dict(sorted(found.runs.items()))
    replicates = [_replicate(seed, run) for seed, run in runs.items()]
    state = _state(replicates)
    row = Trial(
        number=number,
        trial_id=config_hash(found.config),
        point={},
        config=found.config,
        variant=None,
        causal=True,
        state=state,
        reason=_reason(state, replicates, list(runs.values())),
        error=next((run.error for run in runs.values() if run.error), None),
        step=max(replicate.step for replicate in replicates),
        started=_first([run.started for run in runs.values()]),
        finished=_end(state, list(runs.values())),
        retries=found.retries,
        seconds=math.fsum(run.seconds for run in runs.values()),
        replicates=replicates,
        reports=_reports(runs, replicates),
    )
    row.steps = row.step if state == "complete" else max(steps, row.step)
    for name in ("value", "test"):
        scores = [getattr(replicate, name) for replicate in replicates]
        whole = None not in scores and (name == "value" or state == "complete")
        setattr(row, name, statistics.fmean(scores) if whole and state != "failed" else None)
    return row


def end(run: Run) -> int:
    """The last step of a run; 1 where the source says nothing of steps."""
    return 1 if run.step is None else run.step


def _replicate(seed: int, run: Run) -> Replicate:
    state: str = run.state
    if state == "complete" and run.value is None:
        state = "failed"
    if run.value is not None and not math.isfinite(run.value) and state != "running":
        state = "diverged"
    whole = state == "complete"
    return Replicate(
        seed=seed,
        state=state,
        step=end(run) if run.state != "waiting" else 0,
        value=None if run.value is None or state == "diverged" else finite(run.value),
        test=None if run.test is None or not whole else finite(run.test),
    )


def _state(replicates: Sequence[Replicate]) -> State:
    states = {"failed" if r.state == "diverged" else r.state for r in replicates}
    return next((state for state in WORST_FIRST if state in states), "complete")


def _reason(state: State, replicates: Sequence[Replicate], runs: Sequence[Run]) -> str | None:
    if state not in ("pruned", "failed", "killed"):
        return None
    diverged = [replicate.step for replicate in replicates if replicate.state == "diverged"]
    if diverged:
        seeds = counted(len(replicates), "seed")
        return f"diverged: {len(diverged)} of {seeds}, the first at step {min(diverged)}"
    said = [run.reason for run in runs if run.state == state and run.reason]
    return said[0] if said else f"{state}: no score"


def _reports(runs: dict[int, Run], replicates: Sequence[Replicate]) -> list[Report]:
    """One report per step; a run without a curve has at most one step, at its end."""
    curves = {seed: run.curve or _last(run) for seed, run in runs.items()}
    lost = {r.seed: r.step for r in replicates if r.state == "diverged"}
    found = []
    for step in sorted({step for curve in curves.values() for step in curve}):
        said = {f"value/{seed}": c[step] for seed, c in curves.items() if step in c}
        metrics: dict[str, float | None] = {name: finite(value) for name, value in said.items()}
        for seed, run in runs.items():
            if step == end(run) and run.test is not None:
                metrics[f"test/{seed}"] = finite(run.test)
        scores = [metrics[name] for name in said]
        metrics |= {f"diverged/{seed}": float(at) for seed, at in lost.items() if at <= step}
        known = [score for score in scores if score is not None]
        value = statistics.fmean(known) if len(known) == len(runs) else None
        found.append(Report(step=step, value=value, metrics=metrics, at=_at(runs)))
    return found


def _last(run: Run) -> dict[int, float]:
    return {} if run.value is None else {end(run): run.value}


def _at(runs: dict[int, Run]) -> datetime:
    """The time of a report: the last known time of its trial, because sources do not say it."""
    times = [time for run in runs.values() for time in (run.finished, run.started) if time]
    return max(times, default=None) or now()


def _first(times: Sequence[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)


def _end(state: State, runs: Sequence[Run]) -> datetime | None:
    if state not in ENDED:
        return None
    return max((run.finished for run in runs if run.finished), default=None) or now()
