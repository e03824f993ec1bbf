"""The options that every model has, and the facts about a model that need no built network."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from focus_core.options.fields import FRACTION, POSITIVE, option
from focus_core.options.network_frame import OUR_FRAME, Frame

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """One network: an embedding, ``layers`` blocks of (mixer, FFN), a norm and a head.

    A system's own config adds its options, and names the system in ``mixer``. Letters in comments
    are the paper's. ``mode="paper"`` is the only mode that builds a model which can see the future.
    """

    frame: ClassVar[Frame] = OUR_FRAME

    mode: Literal["strict", "paper"] = "strict"
    """Strict builds causal networks only; paper also builds what sees the future."""
    mixer: str = ""
    """The sequence mixer: one of the systems."""
    width: int = option(64, POSITIVE)
    """D, the width of the network."""
    layers: int = option(2, POSITIVE)
    """The number of blocks."""
    ffn_width: int | None = option(None, POSITIVE, when=lambda model, _: model.feed_forward)
    """The width of the feed-forward network; none: a multiple of the width, by the frame."""
    feed_forward: bool = True
    """Whether a block has a feed-forward network; S4 and S4D have none in their papers."""
    dropout: float = option(0.0, FRACTION)
    """The share of activations that training drops."""
    bidirectional: bool = option(False, when=lambda _, task: task.classifies)
    """Every block also mixes the reversed sequence, with weights of its own."""

    def check(self, given: Self, task: TaskConfig) -> None:
        """Raise a UserError for the first rule that this model breaks on ``task``.

        Args:
            given: the same model before it was resolved; ``self`` is the resolved model.
            task: the task of the trial.
        """

    def leaks(self) -> tuple[str, ...]:
        """The reasons why this model can see the future, a line each; empty for a causal model."""
        return ()

    def promises_causality(self) -> bool:
        """Whether no output depends on a later token; false for bidirectional or leaking models."""
        return not self.bidirectional and not self.leaks()

    def first_seen(self, position: int) -> int:  # noqa: ARG002  a default
        """The first token that can reach ``position`` by attention alone, through all layers.

        Information that a filter carries is not counted. A system without attention counts the part
        that takes the place of attention.
        """
        return 0

    def edges(self) -> tuple[int, ...]:
        """Positions where a part of a sequence, such as a bin or a chunk, begins in this model."""
        return ()

    def why_no_step(self) -> str:
        """Why a network cannot be computed token by token; empty where this is possible."""
        return ""

    def cautions(self, task: TaskConfig) -> tuple[str, ...]:  # noqa: ARG002  a default
        """Warnings about unlikely choices in this model on ``task``, a line each."""
        return ()

    def rates(self, task: TaskConfig) -> Collection[str]:  # noqa: ARG002  a default
        """The names of the training options that are learning rates of parts of this system."""
        return ()

    def resolved(self, length: int | None = None) -> Self:
        """Fill in every option that follows from others, so that equal networks have equal configs.

        Args:
            length: tokens in a sequence; needed only where an option is a count.

        Raises:
            ValueError: an option is a count, and ``length`` is None.
        """
        filled = dataclasses.replace(self, **self._filled(length))
        return dataclasses.replace(filled, mode="paper" if filled.leaks() else "strict")

    def _filled(self, length: int | None) -> dict[str, Any]:  # noqa: ARG002  a default
        """The options that ``resolved`` fills in, by name."""
        own = self.feed_forward and self.ffn_width
        return {"ffn_width": own or self.frame.ffn_ratio * self.width}
