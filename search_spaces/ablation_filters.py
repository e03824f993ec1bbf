"""Whether the filters must adapt, carry their state, or be there.

In a prototype's single runs static filters and no filter stayed at chance on far recall (.24 and
.23 of .25), while a moving average did as well as the layer (.86 and .87).
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("Do the filters have to adapt, and are filters needed at all?", FAMILIES["filters"])
