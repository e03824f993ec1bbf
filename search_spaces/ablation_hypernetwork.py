"""The small network that writes the coefficients, the first bin, and the network's start."""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms(
    "Which part of the hypernetwork matters: its activation, its sharing, its start?",
    FAMILIES["hypernetwork"],
)
