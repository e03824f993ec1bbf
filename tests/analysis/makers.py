"""The types of the fixtures that make a sweep by hand; see ``conftest``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sweeps.record.schema import Sweep, Trial

MakeHome = Callable[..., Path]
MakeSweep = Callable[..., Sweep]
MakeTrial = Callable[..., Trial]
