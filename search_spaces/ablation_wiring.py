"""Single changes of what attention reads, and of the parts around the filters.

The space ``wiring`` combines the changes of keys, values and gates.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("What must attention read, and what may stand around the filters?", FAMILIES["wiring"])
