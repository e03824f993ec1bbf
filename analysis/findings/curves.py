"""Scores over the steps of training, as they are drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.reading.arms import Arm
from analysis.reading.study import Study

Line = tuple[Sequence[int], Sequence[float]]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One arm's validation score.

    Attributes:
        arm: the arm.
        seeds: (steps, scores) by seed.
        shared: the steps at which every seed has a finite score.
        mean: mean score over seeds at the steps of ``shared``.
    """

    arm: Arm
    seeds: Mapping[int, Line]
    shared: Sequence[int]
    mean: Sequence[float]


def curves(study: Study, most: int) -> list[Curve]:
    """The curves of the arms that reported, in the order of asking.

    Args:
        study: the sweep.
        most: largest number of curves; of more arms, those at evenly spaced ranks on validation
            are taken.
    """
    arms = _evenly(study, most)
    lines = _lines(study.curves, [arm.number for arm in arms])
    return [_curve(arm, lines[arm.number]) for arm in arms if arm.number in lines]


def _evenly(study: Study, most: int) -> list[Arm]:
    arms = [arm for arm in study.arms if arm.step > 0]
    if len(arms) <= most:
        return arms
    sign = -study.metric.sign

    def rank(arm: Arm) -> tuple[float, int]:
        known = arm.value is not None and math.isfinite(arm.value)
        return (sign * (arm.value or 0.0) if known else math.inf), arm.number

    ordered = sorted(arms, key=rank)
    places = np.unique(np.linspace(0, len(ordered) - 1, most).round().astype(int))
    return sorted((ordered[at] for at in places), key=lambda arm: arm.number)


def rows_of(table: pa.Table, metric: str, *, by_seed: bool) -> pa.Table:
    """The rows of one metric, sorted by number, seed and step.

    Args:
        table: the table of a study's curves.
        metric: name of the metric.
        by_seed: whether to take the rows of single seeds, or the rows of whole trials.
    """
    words = table.schema.field("metric").type
    if pa.types.is_dictionary(words):  # compare codes: comparing words would decode each row
        table = table.unify_dictionaries()
        column = table["metric"]
        known = column.chunk(0).dictionary if column.num_chunks else pa.array([], pa.string())
        code = pc.index(known, metric).as_py()
        codes = pa.chunked_array([c.indices for c in column.chunks], words.index_type)
        wanted = pc.equal(codes, code)
    else:
        wanted = pc.equal(table["metric"], metric)
    there = pc.is_valid(table["seed"]) if by_seed else pc.is_null(table["seed"])
    rows = table.filter(pc.and_(wanted, there)).select(["number", "seed", "step", "amount"])
    return rows.sort_by([(name, "ascending") for name in ("number", "seed", "step")])


def _lines(table: pa.Table, numbers: Sequence[int]) -> dict[int, dict[int, Line]]:
    rows = rows_of(table, "value", by_seed=True)
    rows = rows.filter(pc.is_in(rows["number"], value_set=pa.array(numbers, pa.int32())))
    if not rows.num_rows:
        return {}
    number, seed, step, amount = (
        rows[name].to_numpy() for name in ("number", "seed", "step", "amount")
    )
    found: dict[int, dict[int, Line]] = {}
    starts = np.flatnonzero(np.diff(number, prepend=-1) | np.diff(seed, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(number)], strict=True):
        line = (step[start:end].tolist(), amount[start:end].tolist())
        found.setdefault(int(number[start]), {})[int(seed[start])] = line
    return found


def _curve(arm: Arm, seeds: dict[int, Line]) -> Curve:
    known = [
        {step: score for step, score in zip(*line, strict=True) if math.isfinite(score)}
        for line in seeds.values()
    ]
    shared = sorted(set.intersection(*map(set, known)))
    mean = [math.fsum(line[step] for line in known) / len(known) for step in shared]
    return Curve(arm=arm, seeds=seeds, shared=shared, mean=mean)
