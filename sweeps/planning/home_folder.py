"""The home: the folder with everything of a sweep; private, and checked before the start."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from focus_core.errors import UserError
from sweeps.commands.settings import number
from sweeps.planning.plan import Plan

MIN_FREE_MB = 200.0
"""A launch does not start with less free space than this (``FOCUS_MIN_FREE_MB``)."""
OTHERS_NOTHING = 0o077


@contextmanager
def private_files() -> Iterator[None]:
    """Only this user can read the files created meanwhile, also those of child processes."""
    before = os.umask(OTHERS_NOTHING)
    try:
        yield
    finally:
        os.umask(before)


def prepare_home(plan: Plan) -> None:
    """Make the folders, and check before anything starts that the home can be written.

    Raises:
        UserError: the home cannot be written, or its disk is nearly full.
    """
    least = number("FOCUS_MIN_FREE_MB", MIN_FREE_MB)
    try:
        for folder in (plan.home, plan.artifacts, plan.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=plan.home):
            pass
        free = shutil.disk_usage(plan.home).free / 1e6
    except OSError as error:
        raise UserError(
            f"cannot write to the home {plan.home} ({error.strerror}): name another with --home"
        ) from None
    if free < least:
        raise UserError(
            f"only {free:.0f} MB are free at the home {plan.home}, {least:g} are asked for: free "
            "some, name another --home, or ask for less with FOCUS_MIN_FREE_MB"
        )
