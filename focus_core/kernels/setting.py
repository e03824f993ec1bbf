"""FOCUS_KERNELS: who runs the loops over time. Read without torch, numba or Triton."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

from focus_core.errors import UserError

NAME = "FOCUS_KERNELS"
AUTO = "auto"
KERNELS = {"loops": "torch", "numba": "numba", "triton": "triton"}
"""From each kind of kernels to the package that it needs."""


def wanted() -> str:
    """The kernels that the environment names; ``auto`` where it names none.

    Raises:
        UserError: the name is unknown, or its package is not installed.
    """
    return named(os.environ.get(NAME, "").strip() or AUTO)


@cache
def named(name: str) -> str:
    """The same name, once it is checked."""
    if name == AUTO:
        return name
    if name not in KERNELS:
        raise UserError(f"{NAME}={name[:40]!r} must be one of {', '.join((AUTO, *KERNELS))}")
    if not installed(KERNELS[name]):
        raise UserError(f"{NAME}={name} needs the package {KERNELS[name]}: install it, or use auto")
    return name


def installed(package: str) -> bool:
    """Whether a package is found, without importing it."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False
