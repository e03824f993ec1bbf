"""A finished sweep of any size, as a launcher would have left it: the ledger that reports are
timed on. Scores follow from a known truth; reports say as many numbers as real ones do.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from focus_core.training.over_seeds import merge
from search_spaces import load
from search_spaces.space import Point, Space, choices
from sweeps.record.derived_rows import config_hash
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Replicate, Report, Sweep, Trial

NAME, SEEDS, REPORTS, STEPS = "focus", 3, 20, 200
ARMS = 60
START = datetime(2030, 1, 1, tzinfo=UTC)
FATES = ("complete",) * 44 + ("pruned",) * 5 + ("failed",)
"""By ``number % 50``: a failed one has a diverged seed."""
PROBES = ("window_ceiling", "pole_radius_max", "pole_radius_median", "leak", "effective_memory") + (
    "peak_gain",
    "theta_mean",
)
BY_LAYER = ("pole_radius_max", "pole_radius_median", "effective_memory", "peak_gain")
CHUNK = 250
"""Trials written at once: what is held in memory."""

Rows = list[dict[str, Any]]


def arms() -> Space:
    """A table of ``ARMS`` arms, every combination of three axes."""
    axes = (
        choices("model.bin_length", 64, 32, 16, 8),
        choices("model.order", 1, 2, 3, 4, 6),
        choices("model.filters", 1, 2, 4),
    )
    return dataclasses.replace(load(NAME), name="arms", axes=axes, seeds=5, sampler="grid")


def random_sweep() -> Space:
    """Many axes, of numbers, words and truths, some of them conditional, drawn at random."""
    return dataclasses.replace(load(NAME), seeds=SEEDS, sampler="random")


def write_sweep(home: Path, trials: int, space: Space | None = None) -> dict[str, int]:
    """Fill ``home / "ledger.db"``; returns how many rows of each kind it has.

    Args:
        home: of the ledger.
        trials: different points of the space.
        space: the random sweep's where it is None.
    """
    space, chance = space or random_sweep(), random.Random(0)
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.add_sweep(_sweep(space, trials))
    counts = {"trials": trials, "replicates": 0, "reports": 0, "numbers": 0}
    for rows, replicates, reports in _chunks(space, sweep.id, trials, chance):
        with ledger.engine.begin() as connection:
            for table, found in ((Trial, rows), (Replicate, replicates), (Report, reports)):
                connection.execute(sa.insert(table), found)
        counts["replicates"] += len(replicates)
        counts["reports"] += len(reports)
        counts["numbers"] += sum(len(report["metrics"]) for report in reports)
    ledger.close()
    return counts


def _sweep(space: Space, trials: int) -> Sweep:
    return Sweep(
        name=space.name,
        space=NAME,
        question=space.question,
        metric="accuracy",
        direction="maximize",
        sampler=space.sampler,
        sampler_seed=0,
        seeds=space.seeds,
        planned=trials,
        base=space.base().canonical(),
        axes=space.describe_axes(),
        command=f"python sweeps/launch.py --space {NAME} --sampler {space.sampler}",
        given={"set": {}, "sampler": space.sampler},
        created=START,
        finished=START + timedelta(seconds=10 * trials),
    )


def _chunks(
    space: Space, sweep: int, trials: int, chance: random.Random
) -> Iterator[tuple[Rows, Rows, Rows]]:
    base, known, number = space.base(), set[str](), 0
    while number < trials:
        rows: Rows = []
        replicates: Rows = []
        reports: Rows = []
        while len(rows) < min(CHUNK, trials - number):
            point = draw(space, chance)
            config = space.configure(point, base).canonical()
            if (trial_id := config_hash(config)) in known:
                continue
            known.add(trial_id)
            at = number + len(rows)
            row, its_seeds, its_reports = _trial(at, point, space.seeds, chance)
            row |= {"sweep_id": sweep, "trial_id": trial_id, "config": config}
            rows.append(row)
            replicates += its_seeds
            reports += its_reports
        number += len(rows)
        yield rows, replicates, reports


def draw(space: Space, chance: random.Random) -> Point:
    """A point of the space, at random; a continuous axis is drawn over its logarithm."""
    point: Point = {}
    for axis in space.axes:
        if axis.active(point):
            values: Any = axis.distribution
            if hasattr(values, "choices"):
                point[axis.key] = chance.choice(values.choices)
            else:
                ends = math.log(values.low), math.log(values.high)
                point[axis.key] = math.exp(chance.uniform(*ends))
    return point


def truth(point: Point) -> float:
    """The score of a point before luck: bin length and rate matter, their order little."""
    by_bin = {64: 0.25, 32: 0.6, 16: 0.75, 8: 0.7}[point["model.bin_length"]]
    order: int = point["model.order"]
    rate = math.log10(point.get("train.learning_rate", 1e-2)) + 2.5
    return by_bin - 0.3 * rate**2 + 0.005 * order


def _trial(
    number: int, point: Point, seeds: int, chance: random.Random
) -> tuple[dict[str, Any], Rows, Rows]:
    """The columns of a trial, of its replicates and of its reports."""
    fate = FATES[number % len(FATES)]
    ended = START + timedelta(seconds=10 * number)
    best = truth(point) + chance.gauss(0, 0.02)
    scores = [min(1.0, max(0.0, best + chance.gauss(0, 0.03))) for _ in range(seeds)]
    lost = {2} if fate == "failed" else set()
    last = REPORTS // 2 if fate == "pruned" else REPORTS
    reports = [
        _report(number + 1, at * STEPS // REPORTS, scores, lost, chance) | {"at": ended}
        for at in range(1, last + 1)
    ]
    end = reports[-1]["metrics"]
    whole = fate == "complete"
    row = {
        "id": number + 1,
        "number": number,
        "point": point,
        "variant": None,
        "causal": True,
        "state": fate,
        "reason": None if whole else f"{fate} in a benchmark",
        "error": None,
        "value": reports[-1]["value"],
        "test": end.get("test") if whole else None,
        "step": reports[-1]["step"],
        "steps": STEPS,
        "started": ended - timedelta(seconds=9),
        "finished": ended,
        "seconds": 9.0,
    }
    replicates = [
        {
            "trial_row": number + 1,
            "seed": seed,
            "state": "diverged" if seed in lost else "pruned" if fate == "pruned" else "complete",
            "step": 10 if seed in lost else row["step"],
            "value": end.get(f"value/{seed}"),
            "test": end.get(f"test/{seed}"),
        }
        for seed in range(seeds)
    ]
    return row, replicates, reports


def _report(
    trial: int, step: int, scores: list[float], lost: set[int], chance: random.Random
) -> dict[str, Any]:
    """What a worker says at one step; see ``sweeps.record.derived_rows.merge_reports``."""
    learnt = 1 - math.exp(-4 * step / STEPS)
    said: dict[str, Any] = {"seconds_per_step": 0.015, "peak_bytes": 6.1e8, "parameters": 52_431.0}
    said |= {"chance": 0.25, "loss_floor": 0.0}
    for seed in range(len(scores)):
        if seed in lost:
            said[f"diverged/{seed}"] = 10.0
            continue
        said[f"value/{seed}"] = 0.25 + (scores[seed] - 0.25) * learnt
        said[f"loss/{seed}"] = said[f"train_loss/{seed}"] = 2 - learnt + chance.gauss(0, 0.02)
        said |= {f"{probe}/{seed}": 0.2 + 0.1 * chance.random() for probe in PROBES}
        said[f"leak/{seed}"] = 1e-9 * chance.random()
        for probe in BY_LAYER:
            said |= {f"{probe}.layer{layer}/{seed}": chance.random() for layer in (0, 1)}
        if step == STEPS:
            said[f"test/{seed}"] = said[f"value/{seed}"] + chance.gauss(0, 0.01)
    merged = said | merge(said, range(len(scores)))
    value = merged.pop("value", None)
    return {"trial_row": trial, "step": step, "value": value, "metrics": merged}
