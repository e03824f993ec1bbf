"""How many bins are needed, and how finely the response of a filter must be sampled.

Filters change from bin to bin. A bin is the distance that the layer looks back at once, and the
only way from one chunk of attention into the next. With a single bin far recall stays at chance.
Two to four bins should be far above chance. Many short bins learn more slowly and vary more over
seeds (single runs of a prototype: .25, .81, .79, .26 to .60 for one, two, four and eight bins).

The sampled realisation reads the response at NFFT points. With NFFT equal to the bin's length, the
tail of the impulse response wraps onto its start. A larger NFFT wraps less and costs more. Poles
close to the unit circle should show this effect first.
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
    pruner=None,
)
