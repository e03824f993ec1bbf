"""The limit above which training refuses a model. No torch: readers of reports use it too."""

from __future__ import annotations

LEAK_TOLERANCE = 1e-4
"""Largest relative change before a perturbed position that counts as rounding (float64: 1e-5)."""
