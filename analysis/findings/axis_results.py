"""What is known of each axis of a sweep: plain results that sections draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.pairs import Pair

Floats = NDArray[np.float64]
Analysis = Literal["grid", "mixed", "none"]
Verdict = Literal["differ", "not told apart", "inseparable", "open"]


@dataclass(frozen=True, kw_only=True)
class AxisLevel:
    """One level of an axis, or one bin of a continuous one.

    Attributes:
        label: as people say it.
        mean: the score; in a mixed model with the other axes at their average.
        low: of an interval of the level's distance from the average of all levels, drawn around
            its mean; holds for all levels of the axis at once. None where there is none.
        high: its other end.
        seeds: how many.
        trials: how many were trained in full.
        points: their scores; on a grid those of every seed, else means over seeds.
    """

    label: str
    mean: float | None
    low: float | None
    high: float | None
    seeds: int
    trials: int
    points: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """A continuous axis.

    Attributes:
        at: values of the axis, ascending, (points,).
        mean: the score there, the other axes at their average, (points,).
        low: of a band for the distance from the curve's average that holds everywhere at once.
        high: its other end.
        tried: the value of each trial, (trials,).
        scores: its score, a mean over seeds, (trials,).
    """

    at: Floats
    mean: Floats
    low: Floats
    high: Floats
    tried: Floats
    scores: Floats


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The best level minus the worst, with a simultaneous interval: the scores chose them."""

    best: str
    worst: str
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Border:
    """The best value is the last one that the sweep allows.

    Attributes:
        label: that value.
        side: in which direction the axis could be widened.
        decided: whether it is told apart from the value beside it.
    """

    label: str
    side: Literal["below", "above"]
    decided: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class AxisResult:
    """What one axis does.

    Attributes:
        key: as the sweep names it.
        name: as people say it.
        analysis: ``grid`` repeated measures over seeds; ``mixed`` a mixed model of trials and
            seeds; ``none``.
        why: what a reader must know of it, in a sentence or none: why nothing could be tested,
            what was left out.
        verdict: from ``p_holm``.
        continuous: whether it has a curve.
        log: whether it is drawn on a log scale.
        levels: in the axis's own order; bins where it has a curve.
        curve: None where it has levels.
        seeds: how many each trial has.
        trials: how many entered.
        f: of the test; None without one, as the following.
        df1: its degrees of freedom.
        df2: those of the noise.
        p: of no difference at all.
        p_holm: corrected over the axes.
        gap: best minus worst; None where there is none.
        at_most: how far apart two of its levels could still be; None where unknown.
        border: None where the best value is none of the axis's ends, or nothing is decided.
        pairs: every pair of levels; empty for a curve.
    """

    key: str
    name: str
    analysis: Analysis
    why: str
    verdict: Verdict
    continuous: bool
    log: bool
    levels: tuple[AxisLevel, ...]
    curve: Curve | None = None
    seeds: int
    trials: int
    f: float | None = None
    df1: float | None = None
    df2: float | None = None
    p: float | None = None
    p_holm: float | None = None
    gap: Gap | None = None
    at_most: float | None = None
    border: Border | None = None
    pairs: tuple[Pair, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether its levels are told apart at all."""
        return self.verdict == "differ"


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """Two axes at once, as the raw means of their cells.

    Attributes:
        rows: name of one axis.
        columns: name of the other.
        row_levels: labels.
        column_levels: labels.
        cells: mean score of the trials of each cell; None where there is none.
        counts: how many trials.
        spread: how much of the scores' standard deviation is theirs alone; None where unknown.
        p_holm: corrected over all pairs of axes; None where it could not be tested.
    """

    rows: str
    columns: str
    row_levels: tuple[str, ...]
    column_levels: tuple[str, ...]
    cells: tuple[tuple[float | None, ...], ...]
    counts: tuple[tuple[int, ...], ...]
    spread: float | None
    p_holm: float | None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Which trials count.

    Attributes:
        trials: that stand for an arm: all, where nothing is tuned.
        used: trained in full, every seed alive, not leaky, with all of ``seeds``.
        pruned: stopped early.
        failed: failed, killed, or with a seed that diverged.
        leaky: which see the future.
        seeds: those that all used trials have.
    """

    trials: int
    used: int
    pruned: int
    failed: int
    leaky: int
    seeds: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class AxisFindings:
    """What each axis does, alone and with another one.

    Attributes:
        axes: those with two values or more among the trials that count, in the sweep's order.
        interactions: the two strongest pairs of axes, and a pair that the sweep is about.
        counted: which trials count.
        sampler: how the sweep chose its trials.
        score: what the scores are: ``test accuracy``.
    """

    axes: Sequence[AxisResult]
    interactions: Sequence[Interaction]
    counted: Counted
    sampler: str
    score: str

    @property
    def drawn(self) -> bool:
        """Whether settings were drawn, so that an axis answers what no single trial can."""
        return any(axis.analysis == "mixed" for axis in self.axes)

    @property
    def told_apart(self) -> list[AxisResult]:
        """The axes whose levels differ, the surest first."""
        return sorted((a for a in self.axes if a.differs), key=lambda a: (a.p_holm or 0.0, a.key))
