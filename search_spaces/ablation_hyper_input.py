"""What the hypernetwork reads: the global convolution, and the pooling after it."""

from __future__ import annotations

from search_spaces.ablation import arms
from search_spaces.variants import FAMILIES

SPACE = arms("What must the hypernetwork read of the sequence?", FAMILIES["hyper_input"])
