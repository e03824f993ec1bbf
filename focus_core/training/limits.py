"""What training refuses. No torch: whoever reads its reports refuses the same."""

from __future__ import annotations

LEAK_TOLERANCE = 1e-4
"""Largest relative change before a perturbed position that rounding may explain (float64: 1e-5)."""
