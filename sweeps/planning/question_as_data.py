"""A person's own question as data in the ledger: it outlives its file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from random import Random
from typing import Any

from focus_core.config import Scalar, TrialConfig, from_flat
from search_spaces.points import Point, random_points, sample_points
from search_spaces.space import Space

DRAWN = 300
"""Random points that two questions must share: a condition may hold within a range alone."""


def as_data(space: Space, base: TrialConfig) -> dict[str, Any]:
    """What ``sweeps.axes`` does not say of a question, for ``configure_of``.

    ``pruner`` is there for a relaunch to compare. ``points`` and ``drawn`` are hashes of the points
    that are tried and of random points: the conditions of axes, which are functions, decide both.
    """
    drawn = islice(random_points(space.axes, Random(0)), DRAWN if space.axes else 0)
    return {
        "base": base.flat(),
        "ffn_widths": dict(space.ffn_widths),
        "pruner": space.pruner,
        "points": _hash(sample_points(space.axes)),
        "drawn": _hash(list(drawn)),
    }


def _hash(points: Sequence[Point]) -> str:
    return sha256(json.dumps(points, sort_keys=True).encode()).hexdigest()


def configure_of(data: Mapping[str, Any]) -> Callable[[Mapping[str, Scalar]], TrialConfig]:
    """Maps a point of the question to its config.

    Raises:
        UserError: an option of the base is none of this version.
    """
    base = from_flat(data["base"])
    space = Space(
        question="",
        base=lambda: base,
        axes=(),
        seeds=1,
        trials=None,
        sampler="grid",
        pruner=None,
        ffn_widths=data["ffn_widths"],
    )
    return lambda point: space.configure(point, base)
