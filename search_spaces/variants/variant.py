"""The record of an ablation: one named difference from the base, and its promise."""

from __future__ import annotations

from dataclasses import dataclass, field

from focus_core.config import Scalar


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A named difference from the base.

    Attributes:
        question: what the comparison with ``base`` answers.
        changes: dotted config keys and their values.
        causal: the promise to be causal; without it a variant is declared leaky and never ranked.
    """

    question: str
    changes: dict[str, Scalar] = field(default_factory=dict)
    causal: bool = True
