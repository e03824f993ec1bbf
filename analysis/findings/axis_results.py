"""The results for each axis of a sweep, as plain data that sections draw."""

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
        label: the level as text for readers.
        mean: the mean score; in a mixed model, with the other axes at their average.
        low: lower end of an interval for the level's distance from the average of all levels,
            drawn around the mean; simultaneous over all levels of the axis. None without interval.
        high: upper end of the interval.
        seeds: number of seeds.
        trials: number of trials trained in full.
        points: the scores of these trials; on a grid those of every seed, else means over seeds.
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
        mean: the score at these values, with the other axes at their average, (points,).
        low: lower end of a simultaneous band for the distance from the curve's average, (points,).
        high: upper end of the band, (points,).
        tried: the value of each trial, (trials,).
        scores: the score of each trial, a mean over seeds, (trials,).
    """

    at: Floats
    mean: Floats
    low: Floats
    high: Floats
    tried: Floats
    scores: Floats


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The best level minus the worst; the interval is simultaneous, as the scores chose both."""

    best: str
    worst: str
    difference: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Border:
    """The best value lies at an end of the range that the sweep allows.

    Attributes:
        label: the best value.
        side: in which direction the axis could be widened.
        decided: whether the best value is told apart from a value further inside.
    """

    label: str
    side: Literal["below", "above"]
    decided: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class AxisResult:
    """The effect of one axis.

    Attributes:
        key: the axis' key in the sweep.
        name: the axis' name for readers.
        analysis: ``grid``: repeated measures over seeds; ``mixed``: a mixed model of trials and
            seeds; ``none``: no test.
        why: what a reader must know, such as why nothing could be tested or what was left out;
            empty where there is nothing to say.
        verdict: the verdict by ``p_holm``.
        continuous: whether the axis is a curve.
        log: whether the axis is drawn on a log scale.
        levels: the levels in the axis's own order; bins where the axis is a curve.
        curve: None where the axis has levels or no test.
        seeds: number of seeds of each trial.
        trials: number of trials that entered the analysis.
        f: F of the test; None without a test, as are ``df1``, ``df2``, ``p`` and ``p_holm``.
        df1: degrees of freedom of the axis.
        df2: degrees of freedom of the noise.
        p: p-value of the hypothesis that the axis has no effect.
        p_holm: p-value, Holm-corrected over the axes.
        gap: best minus worst level; None where it is unknown.
        at_most: the largest difference between two levels that is still possible; None where
            unknown.
        border: None where the best value is no end of the axis, or where no difference is shown.
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
        """Whether the test shows a difference between the levels."""
        return self.verdict == "differ"


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """Two axes at once, as the raw means of their cells.

    Attributes:
        rows: name of one axis.
        columns: name of the other.
        row_levels: labels.
        column_levels: labels.
        cells: mean score of the trials in each cell; None for an empty cell.
        counts: number of trials in each cell.
        spread: standard deviation of the scores from the interaction alone; None where unknown.
        p_holm: p-value, Holm-corrected over all pairs of axes; None where it could not be tested.
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
    """How many trials are used, and how many are not.

    Attributes:
        trials: trials that stand for an arm; all trials where nothing is tuned.
        used: trials trained in full, with every seed alive, not leaky, with all of ``seeds``.
        pruned: trials stopped early.
        failed: trials that failed, were killed, or have a seed that diverged or has no score.
        leaky: trials trained in full that see the future.
        seeds: the seeds that all used trials have.
    """

    trials: int
    used: int
    pruned: int
    failed: int
    leaky: int
    seeds: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class AxisFindings:
    """The effect of each axis, alone and together with another axis.

    Attributes:
        axes: the axes with two values or more among the used trials, in the sweep's order.
        interactions: two pairs of axes: the pair that the sweep is about, if any, and the
            strongest others.
        counted: how many trials are used.
        sampler: how the sweep chose its trials.
        score: what the scores are, such as ``test accuracy``.
    """

    axes: Sequence[AxisResult]
    interactions: Sequence[Interaction]
    counted: Counted
    sampler: str
    score: str

    @property
    def drawn(self) -> bool:
        """Whether some axis was tested by a mixed model, as where settings were drawn."""
        return any(axis.analysis == "mixed" for axis in self.axes)

    @property
    def told_apart(self) -> list[AxisResult]:
        """The axes whose levels differ, the smallest p-value first."""
        return sorted((a for a in self.axes if a.differs), key=lambda a: (a.p_holm or 0.0, a.key))
