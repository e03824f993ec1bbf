"""Give every arm of a space the base's number of parameters, where the space asks for it.

Counting parameters needs torch. Therefore this work is done here and not in ``search_spaces``, and
it is the only part of a plan that imports torch. Spaces that do not ask for equal sizes are planned
without torch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from focus_core.config import Scalar, TrialConfig
from focus_core.errors import UserError
from focus_core.tools.needed_data import check_data
from search_spaces.points import every_value, settled
from search_spaces.space import VARIANT, Space
from search_spaces.variants import every_variant

if TYPE_CHECKING:
    from focus_core.tasks.base import Task

TOLERANCE = 0.01
"""The largest difference from the base's number of parameters, as a share of that number."""


class Size(NamedTuple):
    """The size of one arm.

    Attributes:
        arm: its variant.
        parameters: number of parameters.
        ffn_width: the feed-forward width; None for an arm without a feed-forward network.
        off: the difference from the base's number of parameters, as a share of that number.
    """

    arm: str
    parameters: int
    ffn_width: int | None
    off: float


def match_sizes(
    space: Space, settings: Mapping[str, Scalar]
) -> tuple[Space, tuple[Size, ...], tuple[str, ...]]:
    """``space`` with the feed-forward width of every arm, its sizes, and cautions about them.

    The widths depend on nothing but the base, with ``settings``, and the variants. Therefore a
    launch, a resumed launch and an audit compute the same widths.

    Args:
        space: the space as loaded, before any of its axes is pinned.
        settings: what the command line sets, by dotted key. A pinned variant is the only arm.

    Returns:
        A space that does not ask for equal sizes: the same space, no sizes and no cautions.

    Raises:
        UserError: an arm with a feed-forward network does not come within ``TOLERANCE``, or an
            axis other than the variant changes an arm's number of parameters.
    """
    if not space.equal_size:
        return space, (), ()
    from focus_core.tasks import build_task
    from focus_core.tools.size import matching_width, parameters

    base = space.base().override({k: v for k, v in settings.items() if k != VARIANT})
    check_data(base.task)
    task = build_task(base.task, seed=0)
    wanted = parameters(base, task)
    arms = [str(name) for name in _variants(space, settings)]
    widths = {arm: matching_width(_arm(space, arm, base), task, wanted) for arm in arms}
    given = {arm: width for arm, width in widths.items() if width is not None}
    matched = dataclasses.replace(space, ffn_widths=given)
    sizes = []
    for arm in arms:
        count = parameters(_arm(matched, arm, base), task)
        sizes.append(Size(arm, count, widths[arm], count / wanted - 1))
    _refuse(sizes, base, task, wanted)
    _check_axes(matched, base, task, {size.arm: size.parameters for size in sizes})
    return matched, tuple(sizes), _caution(sizes)


def _variants(space: Space, settings: Mapping[str, Scalar]) -> list[Scalar]:
    if VARIANT in settings:
        return [settings[VARIANT]]
    return [value for axis in space.axes if axis.key == VARIANT for value in axis.values()]


def _arm(space: Space, arm: str, base: TrialConfig) -> TrialConfig:
    try:
        return space.configure({VARIANT: arm}, base)
    except UserError as error:
        where = f" (at {VARIANT}={arm})" if arm in every_variant() else ""
        raise UserError(f"{error}{where}") from None


def _check_axes(space: Space, base: TrialConfig, task: Task, sizes: Mapping[str, int]) -> None:
    """Refuse an axis that changes sizes: the widths were computed at the base's value of it."""
    from focus_core.tools.size import parameters

    for axis in space.axes:
        if axis.key == VARIANT or axis.key.startswith("train."):
            continue
        for arm, size in sizes.items():
            for value in every_value(axis):
                trial = space.configure(settled(space.axes, {VARIANT: arm, axis.key: value}), base)
                if parameters(trial, task) != size:
                    raise UserError(
                        f"the space {space.name} asks for equal sizes, and its axis {axis.key} "
                        f"changes the size of {arm}: fix the axis with --set {axis.key}=VALUE"
                    )


def _refuse(sizes: list[Size], base: TrialConfig, task: Task, wanted: int) -> None:
    """Raise a UserError for the arm that is furthest off in spite of a feed-forward network."""
    from focus_core.tools.size import matching_width

    far = [size for size in sizes if size.ffn_width and abs(size.off) > TOLERANCE]
    if not far:
        return
    size = max(far, key=lambda size: abs(size.off))
    least = matching_width(base, task, size.parameters) if size.ffn_width == 1 else None
    enough = f"model.ffn_width={least} or more" if least else "a larger model.width"
    raise UserError(
        f"{size.arm} has {size.parameters:,} parameters at its best feed-forward width, "
        f"{size.ffn_width}, and the base has {wanted:,}: equal within {TOLERANCE:.0%} needs "
        f"{enough}"
    )


def _caution(sizes: list[Size]) -> tuple[str, ...]:
    """One line about the arms that nothing can make equal; no line where all are within reach."""
    far = [f"{size.arm} ({size.off:+.1%})" for size in sizes if abs(size.off) > TOLERANCE]
    if not far:
        return ()
    return (f"not of the base's size, without a feed-forward network to set: {', '.join(far)}",)
