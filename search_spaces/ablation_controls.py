"""Leak controls: layers that see the future, as printed or by a common slip.

They are shown beside the base and never ranked: how far they are above it is what a leak is worth.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("What would a layer score that sees the future?", FAMILIES["controls"])
