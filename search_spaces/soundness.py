"""Checks a space around a base: every point must build, and every axis must have an effect."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from optuna.distributions import CategoricalDistribution

from focus_core.config import Scalar, TrialConfig
from focus_core.errors import UserError
from search_spaces.axes import Axis
from search_spaces.points import (
    MOST_POINTS,
    Point,
    ends,
    every_value,
    is_continuous,
    listed,
    sample_points,
    settled,
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
        UserError: a point cannot be built around ``base``; names the first such point, and the
            flags that leave out the values of axes that no point can have.
    """
    trials: dict[int, TrialConfig] = {}
    wrong: list[str] = []
    points = sample_points(space.axes)
    for number, point in enumerate(points):
        try:
            trials[number] = space.configure(point, base)
        except UserError as error:
            wrong.append(f"{error} (at {_shown(point)})")
    if wrong:
        narrower = _narrower(space, base, [points[number] for number in trials])
        raise UserError(
            wrong[0] + (narrower and f"; every point fits where these axes are {narrower}")
        )
    return list(trials.values())


def _narrower(space: Space, base: TrialConfig, fitting: Sequence[Point]) -> str:
    """The flags that leave the listed values that fit; empty where they leave no question."""
    kept = {axis.key: _fitting(axis, fitting) for axis in space.axes}
    axes = tuple(
        replace(axis, distribution=CategoricalDistribution(some)) if some else axis
        for axis, some in zip(space.axes, kept.values(), strict=True)
    )
    try:
        for point in sample_points(axes):
            space.configure(point, base)
    except UserError:
        return ""
    if all(len(some) == 1 for some in kept.values()):
        return ""
    marks = {axis.key: ":tuned" * axis.tuned for axis in space.axes}
    words = {key: f"{key}={','.join(map(_word, some))}" for key, some in kept.items() if some}
    vary = [word + marks[key] for key, word in words.items() if len(kept[key]) > 1]
    fixed = [word for key, word in words.items() if len(kept[key]) == 1]
    return " ".join([*(["--vary", *vary] if vary else []), *(["--set", *fixed] if fixed else [])])


def _fitting(axis: Axis, points: Sequence[Point]) -> list[Any]:
    """The listed values that some of ``points`` have; empty where all or none of them have one."""
    values = [] if is_continuous(axis) else every_value(axis)
    there = {point[axis.key] for point in points if axis.key in point}
    some = [value for value in values if value in there] if len(values) <= MOST_POINTS else []
    return some if len(some) < len(values) else []


def _word(value: Scalar) -> str:
    """A value as a command line has it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def different_trials(space: Space, base: TrialConfig) -> int | None:
    """Number of different trials around ``base``; None: too many points, or a continuous axis."""
    points = listed(space.axes, MOST_POINTS)
    return (
        None if points is None else len({space.configure(point, base).trial_id for point in points})
    )


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
