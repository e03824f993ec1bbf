"""Where it comes from."""

from __future__ import annotations

from dataclasses import replace

from focus_core.systems.origin import OURS

DECAY = replace(OURS, source="a toy of the tests")
