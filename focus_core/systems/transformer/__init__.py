"""The options and promises of three mixers with attention over the whole sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.model import ModelConfig
from focus_core.options.network_frame import Frame
from focus_core.systems.rules import check_heads
from focus_core.systems.system import System

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig

MIXER = "focus_core.systems.transformer.mixer"
ORIGIN = "focus_core.systems.transformer.origin"


@dataclass(frozen=True, kw_only=True)
class AttentionConfig(ModelConfig):
    """The options of attention over the whole sequence."""

    mixer: str = option("flash_transformer", one_of(["flash_transformer"]))
    """flash_transformer, transformer or gpt2."""
    heads: int = option(1, POSITIVE)
    """The heads of attention."""

    def check(self, given: Self, task: TaskConfig) -> None:  # noqa: ARG002
        """Require heads that divide the width."""
        check_heads(self.width, self.heads)


@dataclass(frozen=True, kw_only=True)
class TransformerConfig(AttentionConfig):
    """The same options, for attention that is written out."""

    mixer: str = option("transformer", one_of(["transformer"]))


@dataclass(frozen=True, kw_only=True)
class GPT2Config(AttentionConfig):
    """The same options, in GPT-2's frame."""

    frame: ClassVar[Frame] = Frame(
        activation="gelu",
        tied_head=True,
        head_bias=False,
        small_residuals=True,
        learned_positions=True,
        ffn_ratio=4,
    )

    mixer: str = option("gpt2", one_of(["gpt2"]))


FLASH = System(
    config=AttentionConfig,
    mixer=f"{MIXER}:AttentionMixer",
    cost="focus_core.systems.transformer.cost",
    origin=f"{ORIGIN}:FLASH",
)
TRANSFORMER = replace(
    FLASH,
    config=TransformerConfig,
    mixer=f"{MIXER}:TransformerMixer",
    origin=f"{ORIGIN}:TRANSFORMER",
)
GPT2 = replace(
    FLASH,
    config=GPT2Config,
    mixer=f"{MIXER}:GPT2Mixer",
    origin=f"{ORIGIN}:GPT2",
)
