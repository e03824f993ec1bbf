"""Whether the filters must adapt, whether they must carry their state, and whether they are needed.

In single runs of a prototype on far recall, static filters (.24) and no filter (.23) stayed at
chance (.25), while a moving average scored as well as the layer (.86 and .87).
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("Do the filters have to adapt, and are filters needed at all?", FAMILIES["filters"])
