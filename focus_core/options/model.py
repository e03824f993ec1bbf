"""The options that every model has, and what a system says of a model without building it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from focus_core.options.fields import FRACTION, POSITIVE, option
from focus_core.options.frame import OUR_FRAME, Frame

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """One network: an embedding, ``layers`` blocks of (mixer, FFN), a norm and a head.

    A system's own config adds its options, and says in ``mixer`` which system it is. Letters in
    brackets are the paper's. ``mode="paper"`` is the only mode that builds a model which can see
    the future.
    """

    frame: ClassVar[Frame] = OUR_FRAME

    mode: Literal["strict", "paper"] = "strict"
    mixer: str = ""
    width: int = option(64, POSITIVE)  # D
    layers: int = option(2, POSITIVE)
    # default: of the frame, as that of every other width
    ffn_width: int | None = option(None, POSITIVE, when=lambda model, _: model.feed_forward)
    # S4 and S4D stand without one in their papers
    feed_forward: bool = True
    dropout: float = option(0.0, FRACTION)
    # every block also mixes the reversed sequence, with weights of its own
    bidirectional: bool = option(False, when=lambda _, task: task.classifies)

    def check(self, given: Self, task: TaskConfig) -> None:
        """Raise a UserError for the first rule that this model breaks on ``task``.

        Args:
            given: the same model as it was asked for; self is the resolved one.
            task: its task.
        """

    def leaks(self) -> tuple[str, ...]:
        """Why this model can see the future, each in a line; empty for a causal one."""
        return ()

    def promises_causality(self) -> bool:
        """Whether no output may depend on a later token; a bidirectional classifier's may."""
        return not self.bidirectional and not self.leaks()

    def first_seen(self, position: int) -> int:  # noqa: ARG002  a default
        """The first token that can reach ``position``, through all layers, by attention alone.

        What a filter carries is not counted; where there is no attention, what the system has in
        its place.
        """
        return 0

    def edges(self) -> tuple[int, ...]:
        """Positions at which something in it begins anew, such as a bin or a chunk."""
        return ()

    def why_no_step(self) -> str:
        """Why a network cannot be computed token by token; empty where it can."""
        return ""

    def cautions(self, task: TaskConfig) -> tuple[str, ...]:  # noqa: ARG002  a default
        """What is hardly wanted of this model on ``task``, each in a line."""
        return ()

    def rates(self, task: TaskConfig) -> Collection[str]:  # noqa: ARG002  a default
        """The options of the training that are learning rates of this system's own parts."""
        return ()

    def resolved(self, length: int | None = None) -> Self:
        """Fill in what follows from other options, so that one network has one spelling.

        Args:
            length: tokens in a sequence; needed only where a length is given as a count.

        Raises:
            ValueError: a count without a length.
        """
        filled = dataclasses.replace(self, **self._filled(length))
        return dataclasses.replace(filled, mode="paper" if filled.leaks() else "strict")

    def _filled(self, length: int | None) -> dict[str, Any]:  # noqa: ARG002  a default
        """What ``resolved`` fills in, by name."""
        own = self.feed_forward and self.ffn_width
        return {"ffn_width": own or self.frame.ffn_ratio * self.width}
