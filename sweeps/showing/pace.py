"""Predict how long a sweep still takes, from the seconds per step of its trials in this launch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Range(NamedTuple):
    """A range of seconds."""

    low: float
    high: float


class Pace:
    """The seconds per step of each trial, in this launch alone.

    Args:
        clock: returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began: dict[int, tuple[float, int]] = {}
        self.costs: dict[int, float] = {}
        """Seconds per step by trial, for all its seeds together."""

    def begin(self, trial: int, step: int) -> None:
        """A worker has the trial, which stands at ``step``."""
        self._began[trial] = (self._clock(), step)

    def reach(self, trial: int, step: int) -> None:
        """The trial has reached ``step``; a trial that no worker has is not measured."""
        since, first = self._began.get(trial, (0.0, step))
        if step > first:
            self.costs[trial] = (self._clock() - since) / (step - first)

    def remaining(
        self,
        running: Sequence[tuple[int, float]],
        waiting: Sequence[float],
        *,
        workers: int,
        share: float = 1.0,
    ) -> Range | None:
        """How long it takes until all trials have ended; None while nothing is measured.

        A waiting trial is expected to cost as much as the measured trials: its range is a
        prediction of two standard deviations to each side, within the measured costs. The order in
        which workers take the trials is not known either. In any order the time is at least an
        even share of the work and at least the longest trial. It is at most the even share plus
        the longest trial (Graham's bound for list schedules, 1966).

        Args:
            running: each running trial, with the steps that it has left.
            waiting: the steps that each other trial has left.
            workers: how many trials run at once.
            share: the mean share of its budget that a trial trains, for the lower end.
        """
        if not self.costs:
            return None
        known = list(self.costs.values())
        mean = statistics.fmean(known)
        own = [steps * self.costs.get(trial, mean) for trial, steps in running]
        others = _sum(known, waiting)
        longest = max([*own, *(steps * max(known) for steps in waiting)], default=0.0)
        low = share * max((sum(own) + others.low) / workers, max(own, default=0.0))
        high = (sum(own) + others.high) / workers + (1 - 1 / workers) * longest
        return Range(low, high)


def _sum(known: Sequence[float], steps: Sequence[float]) -> Range:
    """The seconds of trials that were never measured."""
    total, n, k = sum(steps), len(steps), len(known)
    if not n:
        return Range(0.0, 0.0)
    mean = statistics.fmean(known)
    sd = statistics.stdev(known) if k > 1 else 0.0
    half = 2 * sd * math.sqrt(1 / n + 1 / k)  # for the mean of n more trials
    low, high = max(mean - half, min(known)), min(mean + half, max(known))
    return Range(total * low, total * high)


def duration(seconds: float) -> str:
    """``75`` as ``1 min 15 s``; two units at most."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def span(left: Range) -> str:
    """``12 to 15 min left``; ``about 12 min left`` where both ends read the same."""
    low, high = _rough(left.low), _rough(left.high)
    if low == high:
        return f"about {high} left"
    if low.split()[1] == high.split()[1]:
        low = low.split()[0]
    return f"{low} to {high} left"


def _rough(seconds: float) -> str:
    """``seconds`` in words, rounded to the few digits that a forecast can have."""
    if seconds < 90:
        return f"{max(5, 5 * math.ceil(seconds / 5))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36_000 else f"{round(seconds / 3600)} h"
