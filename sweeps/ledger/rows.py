"""How a trial's row follows from its replicates, and a replicate from what a worker said."""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import inspect

from focus_core.training.over_seeds import OVER_SEEDS, merge
from sweeps.schema import Replicate, Report, Trial, new_token

Row = TypeVar("Row", Replicate, Report)


def config_hash(config: Mapping[str, Any]) -> str:
    """The id of a trial whose canonical config, flat, this is: see ``TrialConfig.trial_id``."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def mean_over_seeds(name: str, metrics: Mapping[str, Any], seeds: Sequence[int]) -> float | None:
    """The mean of ``name`` over ``seeds``; None unless every one of them has it."""
    values = [metrics.get(f"{name}/{seed}") for seed in seeds]
    if any(v is None for v in values):
        return None
    return statistics.fmean(v for v in values if v is not None)


def merge_reports(
    before: Mapping[str, Any], found: Mapping[str, float], seeds: Sequence[int]
) -> dict[str, float | None]:
    """What a step is known to have given: ``found`` over ``before``, seed by seed.

    A worker merges over the seeds it trained; where seeds were added later, over all of them.
    """
    merged = {**before, **{name: finite(value) for name, value in found.items()}}
    of_seeds = {name.partition("/")[0] for name in merged if "/" in name}
    for name in of_seeds & OVER_SEEDS.keys():
        merged.pop(name, None)
    over_all = merge(merged, seeds)
    over_all.pop("value", None)  # has a column of its own
    return merged | over_all


def update_replicates(row: Trial, report: Report, metrics: Mapping[str, float]) -> None:
    """Bring the replicates of ``row`` up to what one report says of each."""
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
            if f"test/{seed}" in metrics:  # said only at the end of the budget
                replicate.test = finite(metrics[f"test/{seed}"])
                replicate.state = "complete"


def summarise(row: Trial, seeds: Sequence[int]) -> None:
    """A trial's numbers from its replicates': the mean over all seeds, or none."""
    by_name = {f"value/{r.seed}": r.value for r in row.replicates}
    by_name |= {f"test/{r.seed}": r.test for r in row.replicates}
    row.value = mean_over_seeds("value", by_name, seeds)
    row.test = mean_over_seeds("test", by_name, seeds)


def clear(row: Trial) -> None:
    """Back to waiting, with nothing trained; checkpoints of before are none of its own now."""
    row.replicates, row.reports = [], []
    row.token, row.note = new_token(), None
    row.state, row.reason, row.error, row.reused_from = "waiting", None, None, None
    row.value = row.test = row.started = row.finished = None
    row.step, row.seconds = 0, 0.0


def evaluations(config: Mapping[str, Any], steps: int) -> list[int]:
    """The steps at which a trial that reaches its budget is evaluated."""
    every = int(config.get("train.eval_every") or steps)
    return [*range(every, steps, every), steps]


def unreported(row: Trial, seeds: Iterable[int]) -> list[int]:
    """The evaluations of which the reports do not tell for every one of ``seeds``."""
    wanted = list(seeds)
    told = {report.step for report in row.reports if _tells(report.metrics, wanted)}
    return [step for step in evaluations(row.config, row.steps) if step not in told]


def lacking(row: Trial, seeds: Sequence[int]) -> str | None:
    """What a trial whose seeds all did well has not reported of its budget; None: nothing."""
    missing = unreported(row, seeds)
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
    """A new row with the same columns, belonging to nobody yet."""
    columns = [c.key for c in inspect(type(row)).columns if c.key not in ("id", "trial_row")]
    return type(row)(**{c: getattr(row, c) for c in columns})


def copy_report(report: Report, seeds: Sequence[int]) -> Report:
    """A copy of what a sweep with these seeds or more reported, as if with ``seeds``."""
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
    """JSON has no NaN."""
    return value if math.isfinite(value) else None
