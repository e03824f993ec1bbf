"""What the proofs on real hosts need: a test that lacks it is skipped, and names it."""

from __future__ import annotations

import os
import shutil

import pytest


def need(*programs: str, package: str) -> None:
    """Skip where this process is not root, or where a program of a Debian package is missing."""
    if os.geteuid() != 0:
        pytest.skip("needs root: hosts are made of namespaces")
    lacking = [name for name in programs if shutil.which(name) is None]
    if lacking:
        pytest.skip(f"needs {', '.join(lacking)}: apt-get install {package}")
