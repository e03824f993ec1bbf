"""What the paper says about a space's question, to set beside the sweep's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeps.record.schema import IMPORTED

_SOURCE = "Focus Your Attention (with Adaptive IIR Filters), arXiv 2305.14952"
_FOCUS_H = "The paper has one ablation, static filters (Focus-H, here `focus_h`)"
_SPACES = {
    "nfft_bins": "The paper fixes NFFT = L/4 for recall (Table 6) and reports no ablation of NFFT "
    "or of the number of bins: it leaves this question open.",
    "filter_bank": "The paper uses F = 1 for recall (Table 6) and reports no ablation of the "
    "number of filters: it leaves this question open.",
    "chunk_length": "The paper gives C = 32 for recall (Table 6) and reports no ablation of it: "
    "it leaves this question open.",
    "order": "The paper takes order 2 as the most expressive one that stays stable (Section 4) "
    "and reports no run with another order: it leaves this question open.",
    "ablation": f"{_FOCUS_H}.",
    "adaptivity": f"{_FOCUS_H}: how often the filters must change it leaves open.",
    "baselines": "The paper compares Focus with other systems on recall, text and images, at sizes "
    "that differ and with numbers partly taken from elsewhere.",
    "length": "The paper varies the length on recall alone (Table 1).",
}
_TASKS = {
    "recall": "On recall of 30, 1K, 8K, 32K and 64K tokens it has (Table 1, %): Focus 100.0 at "
    "all; Focus-H 100.0, 98.0, 85.3, 34.6, 28.0; Hyena 100.0 at all; FlashTransformer 100.0, 95.0, "
    "none, 32.4, 26.7; Transformer 100.0, 100.0, then not feasible.",
    "enwik8": "On the whole of enwik8 it has (Table 2, bits a byte): Focus 0.94, Focus-H 1.06, "
    "Mega 1.02, Transformer-XL 0.99, GPT-2 without training on it 0.94.",
    "text8": "On the whole of text8 it has (Table 3, bits a character): Focus 0.98, Focus-H 1.10, "
    "Transformer-XL 1.08, GPT-2 without training on it 0.98.",
    "smnist": "On the whole of sMNIST it has (Table 4, %): Focus 99.7, Focus-H 98.9, S4 99.6, "
    "Transformer 98.9.",
    "pmnist": "On the whole of pMNIST it has (Table 4, %): Focus 98.8, Focus-H 98.0, S4 98.7, "
    "Transformer 97.9.",
}
_DIFFERS = "Sizes, budgets and data differ here: compare the direction, not the numbers."
_ELSEWHERE = "It has no number on this task."


def paper_note(space: str, base: Mapping[str, Any]) -> str:
    """The paper's statement on a question and its numbers on a task, with the source.

    Args:
        space: name of the space, which stands for the question.
        base: the sweep's base configuration with flat keys, such as ``task.name``.

    Returns:
        Sentences; empty for a sweep that another tool made.
    """
    if space == IMPORTED:
        return ""
    about = _SPACES.get(space, "This program knows no statement of the paper on this question.")
    numbers = _TASKS.get(str(base.get("task.name")))
    return f"{about} {f'{numbers} {_DIFFERS}' if numbers else _ELSEWHERE} ({_SOURCE})"
