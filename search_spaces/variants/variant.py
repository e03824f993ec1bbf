"""What an ablation is: one named difference from the base, and its promise."""

from __future__ import annotations

from dataclasses import dataclass, field

from focus_core.config import Scalar


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A named difference.

    Attributes:
        question: what the comparison with ``base`` answers.
        changes: dotted config keys and their values.
        causal: the promise; a variant that is not causal is declared leaky and never ranked.
    """

    question: str
    changes: dict[str, Scalar] = field(default_factory=dict)
    causal: bool = True
