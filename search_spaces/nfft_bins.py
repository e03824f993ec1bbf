"""How many bins it takes, and how finely a filter's response must be sampled.

Filters change from bin to bin, so a bin is how far the layer looks back at once, and the only way
from one chunk of attention into the next: with a single bin far recall stays at chance, two to four
should be far above it, and many short ones learn more slowly and spread more over seeds (single
runs of a prototype: .25, .81, .79, .26 to .60 for one, two, four and eight bins).

The sampled realisation reads the response at NFFT points. With NFFT equal to the bin's length the
tail of the impulse response wraps onto its start; longer ones wrap less, at more cost. Poles close
to the unit circle should show that first.
"""

from __future__ import annotations

from focus_core.config import TrialConfig
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices


def base() -> TrialConfig:
    """Far recall of 64 tokens at width 64, filters sampled in frequency."""
    return far_recall(realisation="sampled")


SPACE = Space(
    question="How many bins, and how many NFFT points for each of their tokens?",
    base=base,
    axes=(
        choices("model.bin_length", 64, 32, 16, 8),  # 1, 2, 4, 8 bins
        choices("model.nfft_factor", 1, 2, 4),
    ),
    seeds=3,
    trials=None,
    sampler="grid",
    prune=False,
)
