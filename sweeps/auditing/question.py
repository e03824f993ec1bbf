"""Load a sweep's search space again, to know what every point's config must be."""

from __future__ import annotations

import json

from sweeps.auditing.checks import Configure
from sweeps.planning.question import question
from sweeps.record.schema import Sweep


def find_configure(sweep: Sweep) -> Configure | None:
    """A function for a point's config, as in the launcher; None if the space is gone or changed."""
    try:
        space, base, *_ = question(sweep.space, (sweep.given or {}).get("set", {}))
    except Exception:  # noqa: BLE001  a space is a user's file: it may raise anything
        return None
    axes = json.loads(json.dumps(space.describe_axes()))
    if axes != sweep.axes or base.canonical() != sweep.base:
        return None
    return lambda point: space.configure(point, base)
