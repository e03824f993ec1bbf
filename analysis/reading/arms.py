"""The trials of a sweep as the arms of its comparison, and the rules for ranking an arm."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from analysis.reading.curves import CONSTANTS
from analysis.statistics.seed_interval import Bounds, Interval, mean_interval
from sweeps.evidence.alarms import promised
from sweeps.evidence.ranking import best_of, is_leaky, may_rank

VARIANT = "variant"
LONGEST_NAME = 40
OWN_SECTIONS = ("model", "task", "train")
ROWS_AT_ONCE = 500

Split = Literal["value", "test"]
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Arm:
    """One trial; it equals only itself, so that a search among thousands compares no fields.

    Attributes:
        point: the axes' values, None possible; an inactive axis is absent.
        values: validation metric by seed, for the seeds that have one.
        tests: test metric by seed.
        diverged: for each seed whose loss became NaN or infinite, the step.
        constants: leak, poles, ceiling and cost, from its reports (see ``curves.CONSTANTS``).
        started: when its first attempt began; None where none began, or the trial was reused.
        finished: when the trial ended.
        unscored: the seeds that were trained to their end and have no finite score.
        code: hash of the code that its training executed; empty where unknown.
    """

    number: int
    trial_id: str
    label: str
    point: dict[str, Any]
    config: dict[str, Any]
    variant: str | None
    causal: bool
    state: str
    reason: str | None
    error: str | None
    value: float | None
    test: float | None
    values: dict[int, float]
    tests: dict[int, float]
    diverged: dict[int, int]
    step: int
    steps: int
    seconds: float
    reused_from: str | None
    constants: dict[str, float]
    started: datetime | None = None
    finished: datetime | None = None
    unscored: tuple[int, ...] = ()
    code: str = ""

    @property
    def name(self) -> str:
        """The label where it is short, else the trial's number: for figures and sentences."""
        return self.label if len(self.label) <= LONGEST_NAME else f"trial {self.number}"

    @property
    def promised(self) -> str:
        """``causal``, ``bidirectional`` or ``LEAKY``."""
        return promised(causal=self.causal, config=self.config)

    @property
    def leaky(self) -> bool:
        """Whether it is declared or measured to see the future: then shown, but never ranked."""
        return is_leaky(causal=self.causal, config=self.config, leak=self.constants.get("leak"))

    @property
    def whole(self) -> bool:
        """Whether it was trained to the full budget, with every seed alive and scored."""
        return self.state == "complete" and not self.diverged and self.value is not None

    @property
    def ranked(self) -> bool:
        """Whether the trial may be best, and may enter means, effects and importances."""
        return not self.diverged and may_rank(self, self.constants.get("leak"))

    def scores(self, split: Split) -> dict[int, float]:
        """The metric by seed; empty unless the trial is whole: survivors are never averaged."""
        if not self.whole:
            return {}
        return self.tests if split == "test" else self.values

    def sequences(self, split: Split, bounds: Bounds | None) -> int | None:
        """Number of sequences behind a seed's accuracy; None where the metric is no accuracy."""
        key = "task.test_sequences" if split == "test" else "task.eval_sequences"
        return (self.config.get(key) or None) if bounds else None

    def interval(self, split: Split, bounds: Bounds | None) -> Interval | None:
        """Mean over all seeds with its interval; None unless the trial is whole."""
        scores = list(self.scores(split).values())
        return mean_interval(scores, bounds=bounds, sequences=self.sequences(split, bounds))


def arms(trials: pa.Table, axes: Sequence[Mapping[str, Any]]) -> list[Arm]:
    """The rows of the table, in the order of asking."""
    keys = [str(axis["key"]) for axis in axes]
    batches = trials.to_batches(max_chunksize=ROWS_AT_ONCE)
    found = [_arm(row, keys) for batch in batches for row in batch.to_pylist()]
    return [_on_one_split(arm) for arm in found] if one_split(trials) else found


def one_split(trials: pa.Table) -> bool:
    """Whether trials completed and no trial has a test score, as from a tool with one score.

    That score then stands for both splits: it both chooses the best trial and reports it.
    """
    ended = pc.equal(trials["state"], "complete")
    return bool(pc.any(ended).as_py()) and trials["test"].null_count == len(trials)


def scores(found: Sequence[Arm]) -> Iterator[float]:
    """Every score of every seed, on either split."""
    for arm in found:
        yield from arm.values.values()
        yield from arm.tests.values()


def _on_one_split(arm: Arm) -> Arm:
    whole = arm.state == "complete"
    return replace(arm, tests=dict(arm.values), test=arm.value) if whole else arm


def short(key: str) -> str:
    """The name for readers: ``bin_length`` for ``model.bin_length``; other keys stay whole."""
    section, _, name = key.partition(".")
    return name if section in OWN_SECTIONS and name else key


def best_arm(found: Sequence[Arm], *, maximize: bool) -> Arm | None:
    """The ranked arm with the best validation mean; of equal arms, the earlier one."""
    return best_of((arm for arm in found if arm.ranked), maximize=maximize)


def _arm(row: Row, keys: Sequence[str]) -> Arm:
    known = json.loads(row["point"])
    point = {key: known[key] for key in keys if key in known}
    replicates = row["replicates"]
    return Arm(
        label=_label(point, row["variant"]),
        point=point,
        # Thousands of configs have the same few keys: each is kept once.
        config={sys.intern(key): value for key, value in json.loads(row["config"]).items()},
        values=_finite(replicates, "value"),
        tests=_finite(replicates, "test"),
        diverged={r["seed"]: r["step"] for r in replicates if r["state"] == "diverged"},
        unscored=tuple(r["seed"] for r in replicates if _lost(r)),
        constants={name: row[name] for name in CONSTANTS if row[name] is not None},
        **{name: row[name] for name in _COPIED},
    )


_COPIED = ("number", "trial_id", "variant", "causal", "state", "reason", "error", "value") + (
    "test",
    "step",
    "steps",
    "seconds",
    "reused_from",
    "code",
    "started",
    "finished",
)


def _finite(replicates: Sequence[Row], field: str) -> dict[int, float]:
    return {
        r["seed"]: r[field]
        for r in replicates
        if r[field] is not None and math.isfinite(r[field]) and r["state"] != "diverged"
    }


def _lost(replicate: Row) -> bool:
    """Whether a seed was trained to its end and has no finite score."""
    value = replicate["value"]
    return replicate["state"] == "complete" and (value is None or not math.isfinite(value))


def _label(point: Mapping[str, Any], variant: str | None) -> str:
    names = Counter(short(key) for key in point)  # two keys may have one short name
    named = {
        short(key) if names[short(key)] == 1 else key: value
        for key, value in point.items()
        if key != VARIANT
    }
    parts = [f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}"
             for key, value in named.items()]  # fmt: skip
    return " ".join([str(point[VARIANT]), *parts] if VARIANT in point else parts) or (
        variant or "base"
    )
