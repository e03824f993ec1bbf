"""Which parts are needed of filters whose coefficients change at every token.

The space ``adaptivity`` asks how often the coefficients must change.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("How must filters that change at every token be built?", FAMILIES["coupled"])
