"""What a reviewer needs to run it again: commit, diff, sources, versions, hardware."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from sweeps.redact import hide_secrets

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("torch", "ray", "optuna", "mlflow", "sqlalchemy", "pyarrow", "numpy")
MAX_DIFF = 200_000


def commit() -> dict[str, Any]:
    """``commit``, ``dirty`` and ``diff`` of the checkout this program runs from."""
    head = _git("rev-parse", "HEAD").strip()
    diff = _git("diff", "HEAD")[:MAX_DIFF] if head else ""
    return {"commit": head, "dirty": bool(_git("status", "--porcelain").strip()), "diff": diff}


def everything(argv: Sequence[str]) -> dict[str, Any]:
    """All of it, by the columns that a sweep and a launch have for it."""
    return {
        "command": command_line(argv),
        "code": code_hash(),
        "versions": versions(),
        "hardware": hardware(),
        **commit(),
    }


def code_hash() -> str:
    """A hash of focus_core's sources: equal means the same config trains the same numbers."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "focus_core").rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def versions() -> dict[str, str]:
    """Python's and the packages' versions, without importing them."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def hardware() -> dict[str, Any]:
    """The machine that drives the sweep."""
    return {"system": platform.platform(), "cpu": _cpu_name(), "cpus": usable_cpus()}


def usable_cpus() -> int:
    """CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def visible_gpus() -> int | None:
    """GPUs this process may use, without importing torch; None where that cannot be told."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return len([name for name in chosen.split(",") if name.strip() not in ("", "-1")])
    if sys.platform != "linux" or Path("/dev/kfd").exists():  # AMD's, or not Linux
        return None
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


def command_line(argv: Sequence[str]) -> str:
    """The command that starts this sweep again, but for what nobody else may read in it."""
    return shlex.join(["python", "sweeps/launch.py", *map(hide_secrets, argv)])


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""  # installed without its repository
    return done.stdout


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if sys.platform == "linux" and info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
