"""The scores of the used trials with the values of their axes, and what may be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.findings.axis_values import AxisValues, Codes, axis_values
from analysis.reading.arms import Arm

SHARED = 2 / 3
"""The share of the trials that a comparison on a balanced part of a grid must keep."""
MOST_COLUMNS = 300

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class AxisTable:
    """The trials that are used.

    Attributes:
        scores: (trials, seeds).
        seeds: the seeds that all these trials have.
        axes: the axes that vary among these trials.
        settings: the level of each trial on each axis, -1 where absent, (trials, axes).
        floor: the least variance of a score: the squared weight of one test sequence, or 0.
    """

    scores: Floats
    seeds: tuple[int, ...]
    axes: tuple[AxisValues, ...]
    settings: Codes
    floor: float


def axis_table(
    arms: Sequence[Arm],
    axes: Sequence[Mapping[str, Any]],
    told: Sequence[Mapping[int, float]],
    *,
    counts: bool,
) -> AxisTable:
    """The largest table without missing cells that the arms' scores allow.

    Args:
        arms: the arms that may be used.
        axes: the axes that are compared.
        told: for each arm, its score by seed.
        counts: whether a score is a share of right answers.
    """
    seeds = _shared_seeds(told)
    kept = [at for at, score in enumerate(told) if seeds and seeds <= score.keys()]
    whole = [arms[at] for at in kept]
    ordered = tuple(sorted(seeds))
    scores = np.array([[told[at][s] for s in ordered] for at in kept])
    values = [axis_values(axis, whole) for axis in axes]
    varied = tuple(v for v in values if len(v.labels) > 1)
    sequences = [arm.config.get("task.test_sequences") for arm in whole] if counts else []
    fewest = min((int(n) for n in sequences if n), default=0)
    return AxisTable(
        scores=scores.reshape(len(whole), len(ordered)),
        seeds=ordered,
        axes=varied,
        settings=np.stack([_exact(v) for v in varied], axis=1)
        if varied
        else np.zeros((len(whole), 0), dtype=np.int64),
        floor=fewest**-2 if fewest else 0.0,
    )


def balanced(table: AxisTable, number: int) -> tuple[Floats, Codes] | None:
    """Level means over those settings of the other axes at which every level was tried.

    Another axis that exists only at some levels is averaged within these levels. None for a
    continuous axis, where fewer than ``SHARED`` of the trials have counterparts at all other
    levels, or where a setting was tried twice.

    Returns:
        mean scores, (levels, seeds), and the row numbers of the trials that they average.
    """
    axis = table.axes[number]
    if axis.continuous:
        return None
    rows = np.flatnonzero(axis.has)
    settings, scores = table.settings[rows], table.scores[rows]
    kept, codes = np.unique(axis.codes[rows], return_inverse=True)
    if len(kept) < 2 or len(np.unique(_keys(settings))) < len(rows):
        return None
    others = [
        j for j in range(settings.shape[1]) if j != number and not _inside(settings, codes, j)
    ]
    beside = np.unique(_keys(settings[:, others]), return_inverse=True)[1]
    counts = np.zeros((len(kept), int(beside.max()) + 1))
    np.add.at(counts, (codes, beside), 1)
    shared = counts.min(axis=0) > 0
    used = shared[beside]
    inside = counts[:, shared]
    if used.sum() < SHARED * len(rows) or not (inside == inside[:, :1]).all():
        return None
    level_means = np.zeros((len(kept), scores.shape[1]))
    np.add.at(level_means, codes[used], scores[used])
    return level_means / inside.sum(axis=1)[:, None], rows[used]


def as_columns(
    axes: Sequence[AxisValues], rows: Codes, *, spent: int = 0
) -> tuple[list[Floats], list[str]]:
    """Axes as columns of a linear model, and the names of the axes that were left out.

    There are at most half as many columns as trials, and at most ``MOST_COLUMNS``. Where levels
    need more columns, numeric axes become straight lines. Where that is not enough, the axes with
    the most columns are left out.

    Args:
        axes: the axes to adjust for.
        rows: the trials of the model.
        spent: number of columns that are already taken.
    """
    room = min(MOST_COLUMNS, len(rows) // 2 - spent)
    here = [axis for axis in axes if axis.has[rows].any()]
    widths = [axis.width - 1 for axis in here]
    straight = sum(widths) > room
    if straight:
        widths = [1 if axis.amounts is not None else axis.width - 1 for axis in here]
    left_out: list[int] = []
    for number in sorted(range(len(here)), key=lambda i: -widths[i]):
        if sum(widths) <= room:
            break
        widths[number] = 0
        left_out.append(number)
    kept = [axis for i, axis in enumerate(here) if i not in left_out]
    blocks = [_columns(axis, rows, line=straight) for axis in kept]
    return blocks, [here[i].name for i in left_out]


def made_of(table: AxisTable, number: int, rows: Codes) -> list[str]:
    """The names of the axes each of which alone determines the level of this axis."""
    codes = table.settings[rows, number]
    names = []
    for i, other in enumerate(table.axes):
        if i != number and not other.continuous and other.has[rows].all():
            pairs = np.unique(np.stack([table.settings[rows, i], codes]), axis=1)
            if len(np.unique(pairs[0])) == pairs.shape[1]:
                names.append(other.name)
    return names


def _columns(axis: AxisValues, rows: Codes, *, line: bool) -> Floats:
    """The columns of an axis; where some trials lack it, centred, and 0 for these trials."""
    has = axis.has[rows]
    inside = rows[has]
    straight = axis.line(inside) if line else None
    block = axis.columns(inside) if straight is None else straight
    if has.all():
        return block
    columns = np.zeros((len(rows), block.shape[1]))
    columns[has] = block - block.mean(axis=0)
    return columns


def _inside(settings: Codes, codes: Codes, other: int) -> bool:
    """Whether the other axis exists always or never at each level, and not at all levels."""
    absent = settings[:, other] < 0
    if not absent.any():
        return False
    shares = np.bincount(codes, weights=absent) / np.bincount(codes)
    return bool(np.isin(shares, (0.0, 1.0)).all())


def _keys(settings: Codes) -> NDArray[np.uint64]:
    """A number for each row, the same where rows are equal (64 random bits a column)."""
    bits = np.random.default_rng(0).integers(2**64, size=settings.shape[1], dtype=np.uint64)
    keys: NDArray[np.uint64] = (settings.astype(np.uint64) * bits).sum(axis=1, dtype=np.uint64)
    return keys


def _shared_seeds(tests: Sequence[Mapping[int, float]]) -> frozenset[int]:
    """The seeds that make the largest table, by its number of trials times seeds."""
    counted = Counter(frozenset(test) for test in tests if test)
    if not counted:
        return frozenset()
    candidates = set(counted) | {frozenset.intersection(*counted)}

    def size(seeds: frozenset[int]) -> tuple[int, int, list[int]]:
        trials = sum(n for found, n in counted.items() if seeds <= found)
        return trials * len(seeds), len(seeds), sorted(seeds)

    return max(candidates, key=size)


def _exact(axis: AxisValues) -> Codes:
    """A code for each distinct value, also for a continuous axis."""
    if not axis.continuous:
        return axis.codes
    assert axis.amounts is not None
    known = np.unique(axis.amounts[axis.has], return_inverse=True)[1]
    codes = np.full(len(axis.codes), -1, dtype=np.int64)
    codes[axis.has] = known
    return codes
