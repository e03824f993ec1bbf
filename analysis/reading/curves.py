"""Reports of trials as columns of one table.

A sweep of 10,000 trials reports about ten million numbers, and none of them becomes a Python row.
The place of each number in the columns is computed once for each set of metric names.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from focus_core.metrics import REPORTED, names

CONSTANTS = names("trials")
"""Metrics of a trial as a whole: of each, the last report that has it counts."""
WORST = tuple(name for name in CONSTANTS if REPORTED[name].worst)
"""Of these metrics, the largest over all seeds and all reports counts."""
OF_ALL = -1
"""The seed of a number that belongs to the whole trial."""

MOST_PENDING = 1_000_000
"""Numbers that are held before they become columns."""

Ints = np.ndarray[Any, np.dtype[np.int32]]
_WORD = pa.dictionary(pa.int32(), pa.string())
CURVES_SCHEMA = pa.schema(
    [
        pa.field("number", pa.int32(), nullable=False),
        pa.field("trial_id", _WORD, nullable=False),
        pa.field("step", pa.int32(), nullable=False),
        pa.field("metric", _WORD, nullable=False),
        pa.field("seed", pa.int32()),  # null: one number for the whole trial
        pa.field("amount", pa.float64(), nullable=False),
    ]
)
"""One row per trial, step, metric and seed. Words are dictionary-encoded: each is kept once."""


class Report(NamedTuple):
    """A step, and the report at this step as the ledger keeps it: JSON text."""

    step: int
    text: str


@dataclass(frozen=True)
class _Layout:
    """Where the numbers of a report go, for one set of metric names.

    Attributes:
        places: positions of the numbers that become rows, among the report's values.
        metrics: metric code of each of these numbers.
        seeds: seed of each of these numbers, or ``OF_ALL``.
        constants: name and position of each metric of the whole trial.
        worst: name and positions of each metric of which the largest number is kept.
    """

    places: Sequence[int]
    metrics: Ints
    seeds: Ints
    constants: Sequence[tuple[str, int]]
    worst: Sequence[tuple[str, Sequence[int]]]


class CurvesBuilder:
    """Collects a sweep's reports, trial by trial, and makes the table of its curves."""

    def __init__(self) -> None:
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._metrics: dict[str, int] = {}  # metric to its code
        self._trials: list[tuple[int, str]] = []
        self._done: list[_Columns] = []
        self._pending = _Pending()

    def add(self, number: int, trial_id: str, reports: Iterable[Report]) -> dict[str, Any]:
        """Add a trial's reports, in the order of their steps.

        Returns:
            the metrics of the trial as a whole, by the names in ``CONSTANTS``. The ledger keeps a
            number that was not finite as None; the largest of numbers with a None is NaN.
        """
        constants: dict[str, Any] = {}
        worst: dict[str, float] = {}
        for report in reports:
            said: dict[str, Any] = json.loads(report.text)
            layout, values = self._layout(tuple(said)), list(said.values())
            constants |= {name: values[place] for name, place in layout.constants}
            for name, places in layout.worst:
                sizes = [_size(values[place]) for place in places]
                worst[name] = max(worst.get(name, 0.0), *sizes, key=_nan_last)
            self._pending.add(len(self._trials), report.step, layout, values)
        self._trials.append((number, trial_id))
        if len(self._pending.amounts) > MOST_PENDING:
            self._flush()
        return constants | worst

    def table(self) -> pa.Table:
        """Every number, in the order in which the trials were added."""
        self._flush()
        words = pa.array(list(self._metrics), pa.string())
        trials = pa.array([trial_id for _, trial_id in self._trials], pa.string())
        numbers = np.array([number for number, _ in self._trials], np.int32)
        batches = []
        while self._done:
            trial, step, metric, seed, amount = self._done.pop(0)
            arrays = [
                pa.array(numbers[trial]),
                pa.DictionaryArray.from_arrays(pa.array(trial), trials),
                pa.array(step),
                pa.DictionaryArray.from_arrays(pa.array(metric), words),
                pa.array(seed, mask=seed == OF_ALL),
                pa.array(amount),
            ]
            batches.append(pa.RecordBatch.from_arrays(arrays, schema=CURVES_SCHEMA))
        return pa.Table.from_batches(batches, CURVES_SCHEMA)

    def _flush(self) -> None:
        if self._pending.amounts:
            self._done.append(self._pending.columns())
        self._pending = _Pending()

    def _layout(self, names: tuple[str, ...]) -> _Layout:
        if names not in self._layouts:
            self._layouts[names] = self._new_layout(names)
        return self._layouts[names]

    def _new_layout(self, names: tuple[str, ...]) -> _Layout:
        places = [place for place, name in enumerate(names) if name != "step"]
        split = [_split(names[place]) for place in places]
        codes = [self._metrics.setdefault(metric, len(self._metrics)) for metric, _ in split]
        worst = {
            name: [i for i, n in enumerate(names) if n == name or n.startswith(f"{name}/")]
            for name in WORST
        }
        return _Layout(
            places=places,
            metrics=np.array(codes, np.int32),
            seeds=np.array([seed for _, seed in split], np.int32),
            constants=[(name, names.index(name)) for name in CONSTANTS if name in names],
            worst=[(name, found) for name, found in worst.items() if found],
        )


class _Columns(NamedTuple):
    """Columns of equal length; trials and metrics are given as codes."""

    trial: Ints
    step: Ints
    metric: Ints
    seed: Ints
    amount: np.ndarray[Any, np.dtype[np.float64]]


class _Pending:
    """Reports that are not yet columns."""

    def __init__(self) -> None:
        self.amounts = array("d")
        self.heads: list[tuple[int, int, int]] = []  # trial, step, count of numbers
        self.metrics: list[Ints] = []
        self.seeds: list[Ints] = []

    def add(self, trial: int, step: int, layout: _Layout, values: list[Any]) -> None:
        metrics, seeds = layout.metrics, layout.seeds
        if len(layout.places) < len(values):
            values = [values[place] for place in layout.places]
        if None in values:  # not finite, or not measured: no row
            kept = np.array([value is not None for value in values])
            metrics, seeds = metrics[kept], seeds[kept]
            values = [value for value in values if value is not None]
        self.amounts.extend(values)
        self.heads.append((trial, step, len(values)))
        self.metrics.append(metrics)
        self.seeds.append(seeds)

    def columns(self) -> _Columns:
        trial, step, count = np.array(self.heads, np.int32).T
        return _Columns(
            np.repeat(trial, count),
            np.repeat(step, count),
            np.concatenate(self.metrics),
            np.concatenate(self.seeds),
            np.array(self.amounts),
        )


def _split(name: str) -> tuple[str, int]:
    """The metric and the seed of ``value/0``; without a seed, the number is of the whole trial."""
    metric, _, seed = name.rpartition("/")
    return (metric, int(seed)) if metric and seed.isascii() and seed.isdigit() else (name, OF_ALL)


def _size(amount: float | None) -> float:
    return math.nan if amount is None else abs(amount)


def _nan_last(size: float) -> tuple[bool, float]:
    return math.isnan(size), size
