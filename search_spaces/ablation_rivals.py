"""Other layers in the place of Focus, at their own sizes.

The space ``baselines`` compares these layers at equal size, each at its own learning rate.
"""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms(
    "How do other layers do in the place of Focus, each in its own frame?", FAMILIES["rivals"]
)
