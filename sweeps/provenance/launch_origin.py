"""What a reviewer needs to run a sweep again: commit, diff, sources, versions, hardware."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from focus_core.tools.executed_code import ROOT
from sweeps.commands.doors import words
from sweeps.commands.redact import hide_secrets
from sweeps.machine.foreign_text import read_text, storable
from sweeps.provenance.code_identity import code_hash
from sweeps.provenance.sources.checkout import record

CPU_INFO = Path("/proc/cpuinfo")
PACKAGES = ("torch", "ray", "optuna", "mlflow", "sqlalchemy", "pyarrow", "numpy", "numba")


def commit() -> dict[str, Any]:
    """``commit``, ``dirty`` and ``diff`` of the checkout this program runs from."""
    return record(ROOT)


def everything(argv: Sequence[str]) -> dict[str, Any]:
    """The whole provenance, by the names of the columns of ``Sweep`` and ``Launch``."""
    return {
        "command": command_line(argv),
        "code": code_hash(),
        "versions": versions(),
        "hardware": hardware(),
        **commit(),
    }


def versions() -> dict[str, str]:
    """The versions of Python and of ``PACKAGES``, without importing the packages."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def hardware() -> dict[str, Any]:
    """The machine that drives the sweep."""
    return {"system": _system_name(), "cpu": _cpu_name(), "cpus": usable_cpus()}


def usable_cpus() -> int:
    """CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def visible_gpus() -> int | None:
    """GPUs that this process may use, without importing torch; None where that is unknown."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return len([name for name in chosen.split(",") if name.strip() not in ("", "-1")])
    if sys.platform != "linux" or Path("/dev/kfd").exists():  # not Linux, or an AMD GPU
        return None
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


def command_line(argv: Sequence[str]) -> str:
    """The command that starts this sweep again, with its secrets hidden."""
    return shlex.join([*words("sweeps/launch.py"), *map(hide_secrets, argv)])


def _system_name() -> str:
    try:
        return storable(platform.platform())
    except ValueError:  # platform runs programs such as uname, which may print no text
        return sys.platform


def _cpu_name() -> str:
    with suppress(OSError):  # not Linux
        for line in read_text(CPU_INFO).splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return storable(platform.machine())
