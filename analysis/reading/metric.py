"""What a sweep's metric is: its unit, its range, which way is better, how it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from focus_core.metrics import Bounds, score_of


@dataclass(frozen=True, kw_only=True)
class Metric:
    """The score that a sweep compares.

    Attributes:
        name: the name without the split, such as ``accuracy``.
        maximize: whether more is better.
        bounds: the range of a score; None where it is not known.
        margin: the largest difference without practical importance (delta); None where neither
            the user nor the metric gives one.
    """

    name: str
    maximize: bool
    bounds: Bounds | None
    margin: float | None

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.maximize else -1.0

    @property
    def is_proportion(self) -> bool:
        """Whether a score counts right answers among a number of sequences."""
        return self.bounds == (0.0, 1.0)


def held_bounds(bounds: Bounds | None, scores: Iterable[float]) -> Bounds | None:
    """``bounds``; None if a score lies outside, as the scores then have another unit, such as %."""
    if bounds is None or all(bounds[0] <= score <= bounds[1] for score in scores):
        return bounds
    return None


def read_metric(words: str, direction: str, margin: float | None = None) -> Metric:
    """The metric of a sweep's row.

    Args:
        words: the metric in the ledger, such as ``validation accuracy``.
        direction: ``maximize`` or ``minimize``.
        margin: the user's margin; None takes the metric's own.
    """
    score = score_of(words)
    return Metric(
        name=words.removeprefix("validation "),
        maximize=direction == "maximize",
        bounds=score.bounds if score else None,
        margin=score.margin if score and margin is None else margin,
    )
