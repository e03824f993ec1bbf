"""What attention reads, and what stands around the filters, each alone.

The space ``wiring`` crosses keys, values and gates.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("What must attention read, and what may stand around the filters?", FAMILIES["wiring"])
