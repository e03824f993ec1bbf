"""The points of axes: all of them, some of them, or random ones.

A point is a plain dict from axis key to value, without the axes that are not active there.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.axes import Axis

Point = dict[str, Any]
# Of a space with more points, only corners and random points are tried, because a plan must take
# less than a second; tests/test_every_space.py tries all points.
MOST_POINTS = 500
RANDOM_POINTS = 200


def sample_points(axes: tuple[Axis, ...]) -> list[Point]:
    """All points, with continuous axes at both ends; of too many, corners and random points."""
    points = list(itertools.islice(walk(axes, every_value), MOST_POINTS + 1))
    if len(points) <= MOST_POINTS:
        return points
    corners = list(itertools.islice(walk(axes, ends), MOST_POINTS))
    drawn = itertools.islice(random_points(axes, random.Random(0)), RANDOM_POINTS)
    return [*corners, *drawn]


def listed(axes: tuple[Axis, ...], most: int) -> list[Point] | None:
    """All points; None where there are more than ``most``, or an axis is continuous."""
    if any(is_continuous(axis) for axis in axes):
        return None
    points = list(itertools.islice(walk(axes, every_value), most + 1))
    return points if len(points) <= most else None


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


def settled(axes: tuple[Axis, ...], wanted: Mapping[str, Any]) -> Point:
    """``wanted`` without inactive axes; an active axis that it lacks gets its first value."""
    return next(walk(axes, lambda axis: [wanted.get(axis.key, every_value(axis)[0])]))


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
