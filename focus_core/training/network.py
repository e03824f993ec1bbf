"""The whole network: tokens (B, L) to logits (B, L, outputs)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers.embedding import LearnedPositions, RealEncoder, TokenEmbedding
from focus_core.layers.padding import mean_over_time, reversed_in_time
from focus_core.layers.residual import ResidualLinear
from focus_core.options.model import ModelConfig
from focus_core.systems import mixer_class
from focus_core.training.start import init_weights

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "gelu": partial(functional.gelu, approximate="tanh"),
    "relu": functional.relu,
}


class FeedForward(nn.Module):
    """x + W2 SiLU(W1 Norm(x)); the frame may set another activation, or the norm after the sum."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        hidden = model.ffn_width or 0
        frame = model.frame
        self.activation, self.post_norm = ACTIVATIONS[frame.activation], frame.post_norm
        self.norm = nn.LayerNorm(model.width)
        self.hidden = nn.Linear(model.width, hidden)
        self.out = (
            ResidualLinear(hidden, model.width, model.layers)
            if frame.small_residuals
            else nn.Linear(hidden, model.width)
        )
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        h_BLF = self.activation(self.hidden(x_BLD if self.post_norm else self.norm(x_BLD)))
        out_BLD: Tensor = x_BLD + self.dropout(self.out(self.dropout(h_BLF)))
        return self.norm(out_BLD) if self.post_norm else out_BLD


class Block(nn.Module):
    """A sequence mixer, then the feed-forward network if the model has one.

    A bidirectional block has a second mixer with its own weights, which reads the sequence from
    end to start. The block passes on the mean of the two mixers.
    """

    def __init__(self, model: ModelConfig, max_length: int) -> None:
        super().__init__()
        mixer = mixer_class(model.mixer)
        self.mixer = mixer(model, max_length)
        self.reversed_mixer = mixer(model, max_length) if model.bidirectional else None
        self.feed_forward = FeedForward(model) if model.feed_forward else nn.Identity()

    def forward(
        self,
        x_BLD: Tensor,
        e_BNDO: Tensor | None,
        reversed_e_BNDO: Tensor | None = None,
        lengths_B: Tensor | None = None,
    ) -> Tensor:
        """(B, L, D) to (B, L, D); ``reversed_e_BNDO`` comes from the reversed sequence."""
        mixed_BLD = self.mixer(x_BLD, e_BNDO)
        if self.reversed_mixer is not None:
            back_BLD = self.reversed_mixer(reversed_in_time(x_BLD, lengths_B), reversed_e_BNDO)
            back_BLD = reversed_in_time(back_BLD, lengths_B)
            mixed_BLD = 0.5 * (mixed_BLD + back_BLD)
        out_BLD: Tensor = self.feed_forward(mixed_BLD)
        return out_BLD


class SequenceModel(nn.Module):
    """An embedding, ``layers`` blocks, a norm and a head, in the frame of the mixer.

    ``config`` is the resolved config.
    """

    def __init__(
        self,
        model: ModelConfig,
        *,
        vocab_size: int | None,
        num_outputs: int,
        max_length: int,
        readout: Literal["each", "mean"] = "each",
        channels: int = 1,
    ) -> None:
        super().__init__()
        self.config = model
        self.readout = readout
        frame = model.frame
        self.embedding = (
            RealEncoder(model.width, channels)
            if vocab_size is None
            else TokenEmbedding(vocab_size, model.width, frame)
        )
        learned = frame.learned_positions
        self.positions = LearnedPositions(max_length, model.width) if learned else nn.Identity()
        mixer = mixer_class(model.mixer)
        self.hyper_embedding = mixer.read_before(model, max_length)
        two = model.bidirectional
        self.reversed_hyper_embedding = mixer.read_before(model, max_length) if two else None
        blocks = [Block(model, max_length) for _ in range(model.layers)]
        reversed_mixers = [b.reversed_mixer for b in blocks if b.reversed_mixer is not None]
        for mixers in ([block.mixer for block in blocks], reversed_mixers):
            mixer.join(mixers, model, max_length)
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.Identity() if frame.post_norm else nn.LayerNorm(model.width)
        self.head = nn.Linear(model.width, num_outputs, bias=frame.head_bias)
        if frame.tied_head and vocab_size == num_outputs:
            self.head.weight = self.embedding.weight
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, inputs_BL: Tensor, lengths_B: Tensor | None = None) -> Tensor:
        """Logits (B, L, outputs), or (B, 1, outputs) if the read-out is the mean over time.

        Args:
            inputs_BL: tokens, or real numbers (B, L) or (B, L, channels).
            lengths_B: how many positions of each sequence are not padding; None: there is none.
                The mean does not count padding, and logits at padding mean nothing.

        Raises:
            UserError: a sequence longer than the network's positions or kernels allow.
        """
        logits_BLV = self.each_position(inputs_BL, lengths_B)
        # The head is linear: the mean of the logits is the head of the mean.
        return mean_over_time(logits_BLV, lengths_B) if self.readout == "mean" else logits_BLV

    def each_position(self, inputs_BL: Tensor, lengths_B: Tensor | None = None) -> Tensor:
        """Logits (B, L, outputs), before any mean over time."""
        return self.from_embedding(self.embedding(inputs_BL), lengths_B)

    def from_embedding(self, x_BLD: Tensor, lengths_B: Tensor | None = None) -> Tensor:
        """Logits (B, L, outputs) of embedded tokens: the differentiable part of the network."""
        x_BLD = self.dropout(self.positions(x_BLD))
        e_BNDO = reversed_e_BNDO = None
        if self.hyper_embedding is not None:
            e_BNDO = self.hyper_embedding(x_BLD)
        if self.reversed_hyper_embedding is not None:
            reversed_e_BNDO = self.reversed_hyper_embedding(reversed_in_time(x_BLD, lengths_B))
        for block in self.blocks:
            x_BLD = block(x_BLD, e_BNDO, reversed_e_BNDO, lengths_B)
        logits: Tensor = self.head(self.norm(x_BLD))
        return logits


def build_model(
    model: ModelConfig,
    *,
    vocab_size: int | None,
    num_outputs: int,
    max_length: int = 1024,
    readout: Literal["each", "mean"] = "each",
    channels: int = 1,
) -> SequenceModel:
    """The network of a config, with the initial weights of seed 0.

    Args:
        model: the architecture.
        vocab_size: number of different tokens; None for real numbers.
        num_outputs: number of classes at every position.
        max_length: the longest sequence, in tokens. It is the length of the global
            convolution's kernel, and turns counts of bins or chunks in ``model`` into lengths.
        readout: logits of ``each`` position, or their ``mean`` over time.
        channels: real numbers at a position; tokens have one.

    Returns:
        A module from tokens (B, L), int64, or real numbers to logits (B, L or 1, num_outputs).
    """
    resolved = model.resolved(max_length)
    net = SequenceModel(
        resolved,
        vocab_size=vocab_size,
        num_outputs=num_outputs,
        max_length=max_length,
        readout=readout,
        channels=channels,
    )
    init_weights(net, seed=0)
    return net
