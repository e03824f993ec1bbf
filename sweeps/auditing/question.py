"""Load a sweep's search space again, to know what every point's config must be."""

from __future__ import annotations

import json

from search_spaces import load
from sweeps.auditing.checks import Configure
from sweeps.planning.question import question
from sweeps.planning.question_as_data import configure_of
from sweeps.record.schema import Sweep


def find_configure(sweep: Sweep) -> Configure | None:
    """A function for a point's config, as in the launcher; None if the space is gone or changed.

    A person's own question is read from the ledger: its file may be gone.
    """
    given = sweep.given or {}
    of_data = given.get("data", {}).get("options", {})
    try:
        if "resolved" in given:
            return configure_of(given["resolved"])
        settings = {**given.get("set", {}), **of_data}
        space, base, *_ = question(load(sweep.space), settings, reads_data=False)
    except Exception:  # noqa: BLE001  a space is a user's file: it may raise anything
        return None
    axes = json.loads(json.dumps(space.describe_axes()))
    if axes != sweep.axes or base.canonical() != sweep.base:
        return None
    return lambda point: space.configure(point, base)
