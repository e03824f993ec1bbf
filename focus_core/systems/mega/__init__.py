"""The options and promises of Mega (Ma et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.model import ModelConfig
from focus_core.options.network_frame import Frame
from focus_core.systems.counts import tokens
from focus_core.systems.rules import (
    check_divides,
    check_even_keys,
    check_mode,
    short_chunk,
)
from focus_core.systems.system import System

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class MegaConfig(ModelConfig):
    """Mega's options: the attention in chunks, and the moving average."""

    frame: ClassVar[Frame] = Frame(
        tied_head=True,
        head_bias=False,
        scaled_embedding=True,
        chunked=True,
        key_share=4,
        value_ratio=2,
    )

    mixer: str = option("mega", one_of(["mega"]))
    """mega: Mega."""
    key_width: int | None = option(None, POSITIVE)
    """z, the width of queries and keys; none: by the frame."""
    value_width: int | None = option(None, POSITIVE)
    """v, the width of values; none: by the frame."""
    chunk_length: int = option(16, POSITIVE)
    """The tokens of a chunk."""
    chunks: int | None = option(None, POSITIVE, spells="chunk_length", count=True)
    """The number of chunks instead of their length; only in paper mode."""
    ema_size: int = option(4, POSITIVE)
    """The states of a channel of the moving average."""

    def check(self, given: Self, task: TaskConfig) -> None:
        """Require chunks that divide the sequence, and an even key width."""
        check_mode(given)
        check_divides(task.length, "chunks", self.chunk_length, given.chunks)
        check_even_keys(self.key_width)

    def first_seen(self, position: int) -> int:
        """The first token of the chunk; what the moving average carries is not counted."""
        return position // self.chunk_length * self.chunk_length

    def edges(self) -> tuple[int, ...]:
        """The end of the first chunk."""
        return (self.chunk_length,)

    def cautions(self, task: TaskConfig) -> tuple[str, ...]:
        """Warn about a chunk that is too short for attention."""
        return short_chunk(self.chunk_length, task.length)

    def _filled(self, length: int | None) -> dict[str, Any]:
        return super()._filled(length) | {
            "key_width": self.key_width or max(2, self.width // self.frame.key_share),
            "value_width": self.value_width or self.frame.value_ratio * self.width,
            "chunk_length": tokens(length, self.chunk_length, self.chunks),
            "chunks": None,
        }


MEGA = System(
    config=MegaConfig,
    mixer="focus_core.systems.mega.mixer:MegaMixer",
    cost="focus_core.systems.mega.cost",
    origin="focus_core.systems.mega.origin:MEGA",
)
