"""What a sequence mixer says of itself before anything is built. No torch here.

``--list`` and ``--dry-run`` read these records and must answer at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig


class Frame(NamedTuple):
    """The network around a mixer, and its default sizes.

    A rival is compared as its paper has it: GPT-2 comes with learned positions, GELU and a tied
    head. The default is the frame of the Focus layer; a mixer without a network of its own stands
    in it too.

    Attributes:
        activation: of the feed-forward network.
        post_norm: a norm after every residual sum, none before and none at the end.
        tied_head: the head's weights are the embedding's, where tokens in and out are the same.
        head_bias: the head has a bias.
        scaled_embedding: embedded tokens are multiplied by sqrt(width).
        small_residuals: what writes into the residual stream starts smaller in a deep network.
        learned_positions: a learned vector for every position is added to the embedded token.
        chunked: attention does not look out of a chunk.
        ffn_ratio: feed-forward width over width.
        key_share: width over key width.
        value_ratio: value width over width.
        taps: of its short convolution.
    """

    activation: Literal["silu", "gelu", "relu"] = "silu"
    post_norm: bool = False
    tied_head: bool = False
    head_bias: bool = True
    scaled_embedding: bool = False
    small_residuals: bool = False
    learned_positions: bool = False
    chunked: bool = False
    ffn_ratio: int = 2
    key_share: int = 2
    value_ratio: int = 1
    taps: int = 4


OUR_FRAME = Frame()


def whole_sequence(model: ModelConfig, position: int) -> int:  # noqa: ARG001
    """Attention, or what there is in its place, that reads everything from the first token on."""
    return 0


@dataclass(frozen=True, kw_only=True)
class System:
    """A sequence mixer: where it is, what it reads, what it promises.

    Attributes:
        mixer: its class, as ``module:name``; a ``layers.mixer.Mixer``.
        origin: whose it is, as ``module:name``; an ``origin.Origin``. It is kept apart, so that
            better words about a rival change no trial's code identity.
        cost: the module whose ``ROWS`` say what its parts cost; empty: layers that others have too.
        numbers: the module that reports what its filters do (``each_report``, ``at_the_end``);
            empty where it has none.
        frame: what stands around it.
        is_rival: whether somebody else published it.
        reads: the fields of a config that it reads and some other system does not.
        check: raises a UserError for the first rule that its fields break; is given the trial, and
            its resolved model.
        leaks: why a model can see the future, each in a line; empty for a causal one.
        first_seen: the first token that can reach a position, through all layers, by attention
            alone; where there is no attention, by what it has in its place.
        why_no_step: why a network cannot be computed token by token; empty where it can.
    """

    mixer: str
    origin: str
    cost: str = ""
    numbers: str = ""
    frame: Frame = OUR_FRAME
    is_rival: bool = True
    reads: frozenset[str] = field(default_factory=frozenset)
    check: Callable[[TrialConfig, ModelConfig], None] = lambda _trial, _model: None
    leaks: Callable[[ModelConfig], tuple[str, ...]] = lambda _model: ()
    first_seen: Callable[[ModelConfig, int], int] = whole_sequence
    why_no_step: Callable[[ModelConfig], str] = lambda _model: ""
