"""Checks a space around a base: every point must build, and every axis must have an effect."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from focus_core.config import TrialConfig
from focus_core.errors import UserError
from search_spaces.axes import Axis
from search_spaces.points import (
    MOST_POINTS,
    Point,
    ends,
    every_value,
    is_continuous,
    sample_points,
    settled,
    walk,
)
from search_spaces.space import Space


def check(space: Space, base: TrialConfig) -> tuple[str, ...]:
    """Check that the tried points can be built around ``base`` and every axis has an effect.

    Returns:
        Warnings about unlikely choices at some points, one line each.

    Raises:
        UserError: a check fails; names the axis or the point, and what would be right.
    """
    trials = check_points(space, base)
    check_axes(space, base)
    return counted_cautions(trials)


def check_points(space: Space, base: TrialConfig) -> list[TrialConfig]:
    """The trials at the points that are tried.

    Raises:
        UserError: a point cannot be built around ``base``; names the first such point.
    """
    trials = []
    for point in sample_points(space.axes):
        try:
            trials.append(space.configure(point, base))
        except UserError as error:
            raise UserError(f"{error} (at {_shown(point)})") from None
    return trials


def different_trials(space: Space, base: TrialConfig) -> int | None:
    """Number of different trials around ``base``; None: too many points, or a continuous axis."""
    if any(is_continuous(axis) for axis in space.axes):
        return None
    points = list(itertools.islice(walk(space.axes, every_value), MOST_POINTS + 1))
    if len(points) > MOST_POINTS:
        return None
    return len({space.configure(point, base).trial_id for point in points})


def counted_cautions(trials: Sequence[TrialConfig]) -> tuple[str, ...]:
    """Each caution once, with the share of ``trials`` that it concerns."""
    counts = Counter(caution for trial in trials for caution in trial.cautions())
    return tuple(f"{text} ({_share(n, len(trials))})" for text, n in counts.items())


def check_axes(space: Space, base: TrialConfig) -> None:
    """Raise a UserError for the first axis that changes no trial's identity anywhere."""
    points = sample_points(space.axes)
    for axis in space.axes:
        if not any(acts(space, base, axis, point) for point in points if axis.key in point):
            raise UserError(
                f"axis {axis.key!r} has no effect on any trial around this base: undo the "
                f"setting that makes it so, or fix the axis with --set {axis.key}=VALUE"
            )


def acts(space: Space, base: TrialConfig, axis: Axis, point: Point) -> bool:
    """True if some other value of ``axis``, at ``point``, makes another trial."""
    here = space.configure(point, base).trial_id
    values = itertools.chain(ends(axis), itertools.islice(every_value(axis), MOST_POINTS))
    others = (settled(space.axes, point | {axis.key: value}) for value in values)
    return any(space.configure(other, base).trial_id != here for other in others)


def _share(some: int, points: int) -> str:
    return "at every point" if some == points else f"at {some} of {points} points tried"


def _shown(point: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in point.items()) or "the base"
