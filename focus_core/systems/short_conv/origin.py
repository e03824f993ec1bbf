"""The origin of the short convolution."""

from __future__ import annotations

from dataclasses import replace

from focus_core.systems.origin import OURS

SHORT_CONV = replace(OURS, source="a control of ours")
