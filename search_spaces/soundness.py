"""Checks a space around a base: every point must build, and every axis must have an effect."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from focus_core.errors import UserError

if TYPE_CHECKING:
    from focus_core.config import TrialConfig
    from search_spaces.axes import Axis
    from search_spaces.space import Point, Space

# Of a space with more points, only corners and random points are tried, because a plan must take
# less than a second; tests/test_every_space.py tries all points.
MOST_POINTS = 500
RANDOM_POINTS = 200


def check_points(space: Space, base: TrialConfig) -> list[TrialConfig]:
    """The trials at the points that are tried.

    Raises:
        UserError: a point cannot be built around ``base``; names the first such point.
    """
    trials = []
    for point in sample_points(space):
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
    points = sample_points(space)
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
    others = (settled(space, point | {axis.key: value}) for value in values)
    return any(space.configure(other, base).trial_id != here for other in others)


def sample_points(space: Space) -> list[Point]:
    """All points, with continuous axes at both ends; of too many, corners and random points."""
    points = list(itertools.islice(walk(space.axes, every_value), MOST_POINTS + 1))
    if len(points) <= MOST_POINTS:
        return points
    corners = list(itertools.islice(walk(space.axes, ends), MOST_POINTS))
    drawn = itertools.islice(random_points(space.axes, random.Random(0)), RANDOM_POINTS)
    return [*corners, *drawn]


def random_points(axes: tuple[Axis, ...], draws: random.Random) -> Iterator[Point]:
    """Points without end, each axis drawn evenly over its range."""
    while True:
        yield next(walk(axes, lambda axis: [draw(axis, draws)]))


def walk(axes: tuple[Axis, ...], values: Callable[[Axis], Sequence[Any]]) -> Iterator[Point]:
    """Every combination of ``values(axis)`` over the axes active there, the first axis slowest."""

    def onwards(point: Point, index: int) -> Iterator[Point]:
        if index == len(axes):
            yield point
        elif not axes[index].active(point):
            yield from onwards(point, index + 1)
        else:
            for value in values(axes[index]):
                yield from onwards(point | {axes[index].key: value}, index + 1)

    return onwards({}, 0)


def settled(space: Space, wanted: Mapping[str, Any]) -> Point:
    """``wanted`` without inactive axes; an active axis that it lacks gets its first value."""
    return next(walk(space.axes, lambda axis: [wanted.get(axis.key, every_value(axis)[0])]))


def every_value(axis: Axis) -> Sequence[Any]:
    """All values of an axis; both ends of a continuous one."""
    return ends(axis) if is_continuous(axis) else axis.values()


def is_continuous(axis: Axis) -> bool:
    """Whether an axis has more values than can be listed."""
    return isinstance(axis.distribution, FloatDistribution) and axis.distribution.step is None


def ends(axis: Axis) -> list[Any]:
    """The first and the last value of an axis."""
    match axis.distribution:
        case CategoricalDistribution(choices=choices):
            return [choices[0], choices[-1]]
        case IntDistribution(low=low, high=high) | FloatDistribution(low=low, high=high):
            return [low, high]
    raise TypeError(f"axis {axis.key!r} has a distribution of an unknown kind")


def draw(axis: Axis, draws: random.Random) -> Any:
    """A random value of an axis."""
    match axis.distribution:
        case FloatDistribution(low=low, high=high, step=None, log=True):
            return math.exp(draws.uniform(math.log(low), math.log(high)))
        case FloatDistribution(low=low, high=high, step=None):
            return draws.uniform(low, high)
    return draws.choice(axis.values())


def _share(some: int, points: int) -> str:
    return "at every point" if some == points else f"at {some} of {points} points tried"


def _shown(point: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in point.items()) or "the base"
