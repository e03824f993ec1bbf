"""Leak controls: layers that see the future, as the paper prints them or by a common mistake.

The controls are shown beside the base and never ranked. Their lead over the base is the gain of a
leak.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("What would a layer score that sees the future?", FAMILIES["controls"])
