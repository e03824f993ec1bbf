"""The options and promises of Transformer-XL (Dai et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.model import ModelConfig
from focus_core.options.network_frame import Frame
from focus_core.systems.counts import tokens
from focus_core.systems.rules import check_divides, check_heads, check_mode, short_chunk
from focus_core.systems.system import System

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class TransformerXLConfig(ModelConfig):
    """Transformer-XL's options; a chunk is a segment."""

    frame: ClassVar[Frame] = Frame(
        activation="relu", post_norm=True, tied_head=True, scaled_embedding=True, ffn_ratio=4
    )

    mixer: str = option("transformer_xl", one_of(["transformer_xl"]))
    """transformer_xl: Transformer-XL."""
    heads: int = option(1, POSITIVE)
    """The heads of attention."""
    chunk_length: int = option(16, POSITIVE)
    """The tokens of a segment."""
    chunks: int | None = option(None, POSITIVE, spells="chunk_length", count=True)
    """The number of segments; only in paper mode."""
    position_bias: Literal["shared", "layer"] = option(
        "shared", when=lambda model, _: model.layers > 1
    )
    """u and v: one pair for all layers, as published, or one for each layer."""

    def check(self, given: Self, task: TaskConfig) -> None:
        """Require heads that divide the width, and segments that divide the sequence."""
        check_heads(self.width, self.heads)
        check_mode(given)
        check_divides(task.length, "chunks", self.chunk_length, given.chunks)

    def first_seen(self, position: int) -> int:
        """Each layer reads one more segment back."""
        M = self.chunk_length
        return max(0, (position // M - self.layers) * M)

    def edges(self) -> tuple[int, ...]:
        """The end of the first segment."""
        return (self.chunk_length,)

    def cautions(self, task: TaskConfig) -> tuple[str, ...]:
        """Warn about a segment that is too short for attention."""
        return short_chunk(self.chunk_length, task.length)

    def _filled(self, length: int | None) -> dict[str, Any]:
        chunk_length = tokens(length, self.chunk_length, self.chunks)
        return super()._filled(length) | {"chunk_length": chunk_length, "chunks": None}


TRANSFORMER_XL = System(
    config=TransformerXLConfig,
    mixer="focus_core.systems.transformer_xl.mixer:TransformerXLMixer",
    cost="focus_core.systems.transformer_xl.cost",
    origin="focus_core.systems.transformer_xl.origin:TRANSFORMER_XL",
)
