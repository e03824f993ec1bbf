"""Derive a trial's row from its replicates, and a replicate from a worker's reports."""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import inspect

from focus_core.metrics import over_seeds
from focus_core.training.over_seeds import merge
from sweeps.record.schema import Replicate, Report, State, Trial, new_token, now

Row = TypeVar("Row", Replicate, Report)


def config_hash(config: Mapping[str, Any]) -> str:
    """The trial id of a canonical config, given flat; see ``TrialConfig.trial_id``."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def mean_over_seeds(name: str, metrics: Mapping[str, Any], seeds: Sequence[int]) -> float | None:
    """The mean of ``name`` over ``seeds``; None unless every seed has a value."""
    values = [metrics.get(f"{name}/{seed}") for seed in seeds]
    if any(v is None for v in values):
        return None
    return statistics.fmean(v for v in values if v is not None)


def merge_reports(
    before: Mapping[str, Any], found: Mapping[str, float], seeds: Sequence[int]
) -> dict[str, float | None]:
    """Merge the metrics of one step: ``found`` overwrites ``before``, seed by seed.

    Numbers over seeds are computed again from all ``seeds``. A worker computes them from the seeds
    that it trained, and seeds may have been added later.
    """
    merged = {**before, **{name: finite(value) for name, value in found.items()}}
    of_seeds = {name.partition("/")[0] for name in merged if "/" in name}
    for name in filter(over_seeds, of_seeds):
        merged.pop(name, None)
    over_all = merge(merged, seeds)
    over_all.pop("value", None)  # the value has a column of its own
    return merged | over_all


def update_replicates(row: Trial, report: Report, metrics: Mapping[str, float]) -> None:
    """Update the replicates of ``row`` from one report."""
    for replicate in row.replicates:
        seed = replicate.seed
        if f"diverged/{seed}" in metrics:
            replicate.state = "diverged"
            replicate.step = int(metrics[f"diverged/{seed}"])
            replicate.value = replicate.test = None
        elif f"value/{seed}" in metrics:
            replicate.state = "running"
            replicate.step = report.step
            replicate.value = finite(metrics[f"value/{seed}"])
            if f"test/{seed}" in metrics:  # reported only at the end of the budget
                replicate.test = finite(metrics[f"test/{seed}"])
                replicate.state = "complete"


def summarise(row: Trial, seeds: Sequence[int]) -> None:
    """Set a trial's value and test score to the mean over ``seeds``; None if a seed has none."""
    by_name = {f"value/{r.seed}": r.value for r in row.replicates}
    by_name |= {f"test/{r.seed}": r.test for r in row.replicates}
    row.value = mean_over_seeds("value", by_name, seeds)
    row.test = mean_over_seeds("test", by_name, seeds)


def change_state(row: Trial, state: State) -> None:
    """Set the state of ``row`` and of its replicates that are not complete or diverged."""
    row.state = state
    if state in ("failed", "pruned"):
        row.test = None  # a test score needs the full budget and all seeds
    if state == "running":
        row.started = row.started or now()
    row.finished = now() if state not in ("waiting", "running") else None
    for replicate in row.replicates:
        if replicate.state not in ("complete", "diverged"):
            replicate.state = state


def clear(row: Trial) -> None:
    """Set ``row`` to waiting without results; its new token makes older checkpoints invalid."""
    row.replicates, row.reports = [], []
    row.token, row.note = new_token(), None
    row.state, row.reason, row.error, row.reused_from = "waiting", None, None, None
    row.value = row.test = row.started = row.finished = None
    row.step, row.seconds = 0, 0.0


def evaluations(config: Mapping[str, Any], steps: int) -> list[int]:
    """The steps at which a trial that reaches its budget is evaluated."""
    every = int(config.get("train.eval_every") or steps)
    return [*range(every, steps, every), steps]


def unreported(row: Trial, reports: Iterable[Report], seeds: Iterable[int]) -> list[int]:
    """The evaluation steps of ``row`` that ``reports`` lack for one of ``seeds``."""
    wanted = list(seeds)
    told = {report.step for report in reports if _tells(report.metrics, wanted)}
    return [step for step in evaluations(row.config, row.steps) if step not in told]


def lacking(row: Trial, reports: Iterable[Report], seeds: Sequence[int]) -> str | None:
    """Say what a trial without diverged seeds has not reported; None if nothing is missing."""
    missing = unreported(row, reports, seeds)
    if missing:
        return f"reported nothing of step {missing[0]} of {row.steps}"
    ended = {replicate.seed for replicate in row.replicates if replicate.state == "complete"}
    open_seeds = sorted(set(seeds) - ended)
    return f"reported no test score of seed {open_seeds[0]}" if open_seeds else None


def _tells(metrics: Mapping[str, Any], seeds: Iterable[int]) -> bool:
    return all(
        metrics.get(f"value/{seed}") is not None or f"diverged/{seed}" in metrics for seed in seeds
    )


def copy_row(row: Row) -> Row:
    """A new row with the same columns that belongs to no trial yet."""
    columns = [c.key for c in inspect(type(row)).columns if c.key not in ("id", "trial_row")]
    return type(row)(**{c: getattr(row, c) for c in columns})


def copy_report(report: Report, seeds: Sequence[int]) -> Report:
    """A copy of ``report`` without other seeds; numbers over seeds are computed from ``seeds``."""
    copied = copy_row(report)
    others = _seeds_in(report.metrics) - set(seeds)
    own = {name: value for name, value in report.metrics.items() if _seed(name) not in others}
    copied.metrics = merge_reports(own, {}, seeds)
    copied.value = mean_over_seeds("value", own, seeds)
    return copied


def _seed(name: str) -> int | None:
    """The seed of ``value/0``; None for a number over all seeds."""
    seed = name.partition("/")[2]
    return int(seed) if seed.isdigit() else None


def _seeds_in(names: Iterable[str]) -> set[int]:
    return {seed for seed in map(_seed, names) if seed is not None}


def finite(value: float) -> float | None:
    """``value``, or None where it is NaN or infinite, because JSON has no such numbers."""
    return value if math.isfinite(value) else None
