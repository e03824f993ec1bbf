"""Filters whose coefficients change at every token: what of them is needed.

The space ``adaptivity`` asks how often they must change.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("How must filters that change at every token be built?", FAMILIES["coupled"])
