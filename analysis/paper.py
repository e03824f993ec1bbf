"""What the paper says about a space's question: beside every number of ours stands its own."""

from __future__ import annotations

_SOURCE = "Focus Your Attention (with Adaptive IIR Filters), arXiv 2305.14952"
_NOTES = {
    "nfft_bins": "The paper fixes NFFT = L/4 for recall (Table 6) and reports no ablation of NFFT "
    "or of the number of bins: it leaves this question open.",
    "filter_bank": "The paper uses F = 1 for recall (Table 6) and reports no ablation of the "
    "number of filters: it leaves this question open.",
    "chunk_length": "The paper gives C = 32 for recall (Table 6) and reports no ablation of it: "
    "it leaves this question open.",
    "order": "The paper takes order 2 as the most expressive one that stays stable (Section 4) "
    "and reports no run with another order: it leaves this question open.",
    "ablation": "The paper has one ablation, static filters (Focus-H, here `static`), on recall "
    "(Table 1: 100.0 % against 98.0 % at 1K tokens, 100.0 % against 28.0 % at 64K), text and "
    "images. Task, length and budget differ here: compare the direction, not the numbers.",
}


def paper_note(space: str) -> str:
    """One or two sentences, with the source."""
    note = _NOTES.get(space, "The paper has no number for this question.")
    return f"{note} ({_SOURCE})"
