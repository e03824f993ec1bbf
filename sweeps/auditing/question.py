"""Load a sweep's search space again, to know what every point's config must be."""

from __future__ import annotations

import argparse
import json
import shlex

from focus_core.config import Scalar
from search_spaces import load
from sweeps.auditing.checks import Configure
from sweeps.equal_size import match_sizes
from sweeps.plan import parse_settings
from sweeps.schema import Sweep


def find_configure(sweep: Sweep) -> Configure | None:
    """A function for a point's config, as in the launcher; None if the space is gone or changed."""
    try:
        settings = _settings(sweep.command)
        space = match_sizes(load(sweep.space), settings)[0]
        pins = {k: v for k, v in settings.items() if k in {axis.key for axis in space.axes}}
        space = space.pinned(pins)
        others = {k: v for k, v in settings.items() if k not in pins}
        base = space.base().override(others)
    except Exception:  # noqa: BLE001  a space is a user's file: it may raise anything
        return None
    axes = json.loads(json.dumps(space.describe_axes()))
    if axes != sweep.axes or base.canonical() != sweep.base:
        return None
    return lambda point: space.configure(point, base)


def _settings(command: str) -> dict[str, Scalar]:
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--set", action="extend", nargs="+", default=[])
    known, _ = parser.parse_known_args(shlex.split(command))
    return parse_settings(known.set)
