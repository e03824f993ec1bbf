"""Search spaces: the axes, the base, the seeds and trials, and the sampler that proposes points.

A point is a plain dict from axis key to value. A key is a dotted config key, or ``variant``, whose
value names a set of changes in ``search_spaces.variants``.
"""

from __future__ import annotations

import dataclasses
import difflib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from focus_core.config import Scalar, TrialConfig
from focus_core.config.keys import defaults
from focus_core.errors import UserError
from search_spaces.axes import Axis, choices
from search_spaces.own import is_own
from search_spaces.points import Point, sample_points, walk
from search_spaces.variants import MEANT, every_variant

__all__ = ["VARIANT", "Axis", "Point", "Space", "choices"]  # what a question needs
VARIANT = "variant"
MOST_IN_GRID = 100_000
"""Most points in a grid: so many take 50 MB and a second to list, and no sweep trains more."""


@dataclass(frozen=True, kw_only=True)
class Space:
    """A question, and what to vary to answer it.

    Attributes:
        question: one sentence, for people.
        base: returns the complete config that points change.
        axes: the axes in order; a conditional axis comes after the axes that it depends on.
        seeds: number of replicates of every trial.
        trials: number of trials; None for the whole grid.
        sampler: the method that proposes points, one of ``sweeps.driving.samplers``.
        pruner: the rule that stops trials early, one of ``sweeps.driving.pruners``; None: no trial
            is stopped early.
        equal_size: whether every variant gets the feed-forward width at which it has as many
            parameters as the base, within 1 %. A variant without a feed-forward network keeps its
            layers, and the plan says how far it is off.
        hypothesis: the expected result in a sentence, written before the first trial.
        margin: the largest difference that does not matter; None for the metric's own margin.
        families: the spaces that ask this question in parts small enough to decide.
        name: filled in by ``search_spaces.load``.
        word: the name, path or dotted module that loads the space; filled in by ``load``. Empty
            where a command line made the space.
        sha256: the hash of the source of a question from outside this package; filled in by
            ``load``.
        ffn_widths: by variant, the feed-forward width; filled in by ``sweeps.planning.equal_size``
            where ``equal_size`` asks for it, because counting parameters needs torch.
    """

    question: str
    base: Callable[[], TrialConfig]
    axes: tuple[Axis, ...]
    seeds: int
    trials: int | None
    sampler: str
    pruner: str | None
    equal_size: bool = False
    hypothesis: str = ""
    margin: float | None = None
    families: tuple[str, ...] = ()
    name: str = ""
    word: str = ""
    sha256: str = ""
    ffn_widths: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where a person finds the space, for messages."""
        if not self.word:
            return "--vary"
        return self.word if is_own(self.word) else f"search_spaces/{self.name}.py"

    def grid(self) -> list[Point]:
        """Every point, the first axis slowest; conditional axes only where they are active.

        Raises:
            UserError: an axis is continuous, or there are more than ``MOST_IN_GRID`` points.
        """
        points = list(itertools.islice(walk(self.axes, Axis.values), MOST_IN_GRID + 1))
        if len(points) > MOST_IN_GRID:
            raise UserError(
                f"the grid of {self.name} has more than {MOST_IN_GRID:,} points: use the sampler "
                "tpe or random, with --trials"
            )
        return points

    def configure(self, point: Mapping[str, Scalar], base: TrialConfig) -> TrialConfig:
        """``base`` with the point's values; the value of an axis overrides that of a variant.

        Raises:
            UserError: an unknown key or variant (naming the nearest), or a wrong value.
        """
        changes = dict(point)
        if VARIANT in changes:
            variant = changes.pop(VARIANT)
            named = _variant_changes(variant)
            if variant in self.ffn_widths:
                named["model.ffn_width"] = self.ffn_widths[str(variant)]
            changes = named | changes
        return base.override(changes)

    def pinned(self, settings: Mapping[str, Scalar]) -> Space:
        """The same question with these values fixed in the base, and without axes over them.

        A conditional axis that no longer varies at any point is removed too.

        Raises:
            UserError: an unknown key (naming the nearest), a value of the wrong kind, or a
                combination that cannot be built.
        """
        if not settings:
            return self
        base = self.configure(settings, self.base())
        axes = tuple(
            dataclasses.replace(axis, when=_given(settings, axis.when))
            for axis in self.axes
            if axis.key not in settings
        )
        fixed = dataclasses.replace(self, base=lambda: base, axes=axes)
        reached = {key for point in sample_points(fixed.axes) for key in point}
        return dataclasses.replace(fixed, axes=tuple(a for a in axes if a.key in reached))

    def point_of(self, base: TrialConfig) -> tuple[Point, list[str]]:
        """The point with the base's value on every axis, and the first axis that lacks it."""
        point: Point = {}
        lacking: list[str] = []
        given, resolved = ({**defaults(), **each.flat()} for each in (base, base.resolved()))
        for axis in self.axes:
            if lacking or not axis.active(point):
                continue
            own = ["base"] if axis.key == VARIANT else [given[axis.key], resolved[axis.key]]
            held = [value for value in own if axis.has(value)]
            if held:
                point[axis.key] = held[0]
            else:
                lacking.append(axis.key)
        return point, lacking

    def describe_axes(self) -> list[dict[str, Any]]:
        """The axes as the ledger stores them; see ``sweeps.record.schema.Sweep.axes``."""
        return [axis.describe() for axis in self.axes]


def _given(
    settings: Mapping[str, Scalar], when: Callable[[Mapping[str, Any]], bool] | None
) -> Callable[[Mapping[str, Any]], bool] | None:
    return when and (lambda point: when({**settings, **point}))


def _variant_changes(name: Scalar) -> dict[str, Scalar]:
    variants = every_variant()
    if isinstance(name, str) and name in variants:
        return dict(variants[name].changes)
    meant = [MEANT[str(name)]] if name in MEANT else []
    near = meant or difflib.get_close_matches(str(name), variants, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the variants are {', '.join(variants)}"
    raise UserError(f"unknown variant {name!r}; {hint}")
