"""The whole network: tokens (B, L) to logits (B, L, outputs), its initial weights, its groups."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.config import ModelConfig, TrainConfig
from focus_core.config.frames import FRAMES
from focus_core.embedding import LearnedPositions, RealEncoder, TokenEmbedding
from focus_core.hypernetwork import GlobalConv, HyperEmbedding
from focus_core.mixers import MIXERS
from focus_core.mixers.focus import connect
from focus_core.mixers.hyena import FilterLinear
from focus_core.mixers.transformer_xl import share_biases
from focus_core.residual import ResidualLinear
from focus_core.state_space import DiagonalKernel

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "gelu": partial(functional.gelu, approximate="tanh"),
    "relu": functional.relu,
}


class FeedForward(nn.Module):
    """x + W2 SiLU(W1 Norm(x)); with another activation or the norm behind, as the frame has it."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        hidden = model.ffn_width or 0
        frame = FRAMES[model.mixer]
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
    """A sequence mixer, then the feed-forward network where there is one.

    A bidirectional block has a second mixer, with weights of its own, that reads the sequence from
    its end to its start; the mean of the two goes on.
    """

    def __init__(self, model: ModelConfig, max_length: int) -> None:
        super().__init__()
        self.mixer = MIXERS[model.mixer](model, max_length)
        two = model.bidirectional
        self.reversed_mixer = MIXERS[model.mixer](model, max_length) if two else None
        self.feed_forward = FeedForward(model) if model.feed_forward else nn.Identity()

    def forward(
        self, x_BLD: Tensor, e_BNDO: Tensor | None, reversed_e_BNDO: Tensor | None = None
    ) -> Tensor:
        """(B, L, D) to (B, L, D); ``reversed_e_BNDO`` is of the reversed sequence."""
        mixed_BLD = self.mixer(x_BLD, e_BNDO)
        if self.reversed_mixer is not None:
            back_BLD = self.reversed_mixer(x_BLD.flip(1), reversed_e_BNDO).flip(1)
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
    ) -> None:
        super().__init__()
        self.config = model
        self.readout = readout
        frame = FRAMES[model.mixer]
        self.embedding = (
            RealEncoder(model.width)
            if vocab_size is None
            else TokenEmbedding(vocab_size, model.width, frame)
        )
        learned = frame.learned_positions
        self.positions = LearnedPositions(max_length, model.width) if learned else nn.Identity()
        adaptive = model.mixer == "focus" and model.filter == "adaptive"
        before_all = adaptive and model.global_conv != "layer"
        self.hyper_embedding = HyperEmbedding(model, max_length) if before_all else None
        reverses = before_all and model.bidirectional
        self.reversed_hyper_embedding = HyperEmbedding(model, max_length) if reverses else None
        blocks = [Block(model, max_length) for _ in range(model.layers)]
        reversed_mixers = [b.reversed_mixer for b in blocks if b.reversed_mixer is not None]
        for mixers in ([block.mixer for block in blocks], reversed_mixers):
            connect(mixers, model, max_length)
            share_biases(mixers, model)
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.Identity() if frame.post_norm else nn.LayerNorm(model.width)
        self.head = nn.Linear(model.width, num_outputs, bias=frame.head_bias)
        if frame.tied_head and vocab_size == num_outputs:
            self.head.weight = self.embedding.weight
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, inputs_BL: Tensor) -> Tensor:
        """Logits (B, L, outputs), or (B, 1, outputs) where the read-out is the mean over time.

        Raises:
            UserError: a sequence longer than the network was built for, where that matters.
        """
        logits_BLV = self.each_position(inputs_BL)
        # The mean of the logits is the head of the mean: the head is linear.
        return logits_BLV.mean(dim=1, keepdim=True) if self.readout == "mean" else logits_BLV

    def each_position(self, inputs_BL: Tensor) -> Tensor:
        """Logits (B, L, outputs), before any mean over time."""
        return self.from_embedding(self.embedding(inputs_BL))

    def from_embedding(self, x_BLD: Tensor) -> Tensor:
        """Logits (B, L, outputs) of embedded tokens: the differentiable part of the network."""
        x_BLD = self.dropout(self.positions(x_BLD))
        e_BNDO = reversed_e_BNDO = None
        if self.hyper_embedding is not None:
            e_BNDO = self.hyper_embedding(x_BLD)
        if self.reversed_hyper_embedding is not None:
            reversed_e_BNDO = self.reversed_hyper_embedding(x_BLD.flip(1))
        for block in self.blocks:
            x_BLD = block(x_BLD, e_BNDO, reversed_e_BNDO)
        logits: Tensor = self.head(self.norm(x_BLD))
        return logits


def build_model(
    model: ModelConfig,
    *,
    vocab_size: int | None,
    num_outputs: int,
    max_length: int = 1024,
    readout: Literal["each", "mean"] = "each",
) -> SequenceModel:
    """The network of a config, with the initial weights of seed 0.

    Args:
        model: its architecture.
        vocab_size: number of different tokens; None for real numbers.
        num_outputs: number of classes at every position.
        max_length: the longest sequence, in tokens: the length of the global convolution's
            kernel, and of the sequence where ``model`` gives bins or chunks as counts.
        readout: logits of ``each`` position, or their ``mean`` over time.

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
    )
    init_weights(net, seed=0)
    return net


def init_weights(net: nn.Module, seed: int) -> None:
    """Give every parameter its initial value, from a generator of its own.

    The generator depends on ``seed`` and the parameter's name alone, so the same seed starts
    whatever two networks share from the same values: comparisons are paired. A parameter with two
    names (a tied head) has the value of the first; one on the meta device has none.
    """
    done: set[int] = set()
    for path, module in net.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.is_meta or id(parameter) in done:
                continue
            done.add(id(parameter))
            digest = hashlib.sha256(f"{seed}/{path}.{name}".encode()).digest()
            generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
            with torch.no_grad():
                parameter.copy_(_initial_value(module, name, parameter, generator))


def _initial_value(
    module: nn.Module, name: str, parameter: Tensor, generator: torch.Generator
) -> Tensor:
    own = getattr(module, "initial_value", None)
    if own is not None:
        value: Tensor = own(name, generator)
        return value
    if isinstance(module, nn.LayerNorm):
        return torch.full(parameter.shape, float(name == "weight"))
    if isinstance(module, nn.Linear):
        scale = module.in_features**-0.5 if name == "weight" else 0.0  # keeps the variance
        return scale * torch.randn(parameter.shape, generator=generator)
    raise TypeError(f"{type(module).__name__}.{name} has no initial value: give it initial_value")


def parameter_groups(net: nn.Module, train: TrainConfig) -> list[dict[str, Any]]:
    """Groups for AdamW: the weights of linear layers decay, but not of those in Hyena's filter.

    The long kernel and the dynamics of state spaces have rates of their own.
    """
    kernel, dynamics, decayed, rest = [], [], [], []
    done: set[int] = set()
    for module in net.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) in done:  # a tied head is an embedding
                continue
            done.add(id(parameter))
            if isinstance(module, GlobalConv) and name == "kernel":
                kernel.append(parameter)
            elif isinstance(module, DiagonalKernel) and name != "C_DS2":
                dynamics.append(parameter)
            elif name == "weight" and _decays(module):
                decayed.append(parameter)
            else:
                rest.append(parameter)
    groups = [
        {"params": decayed, "lr": train.learning_rate, "weight_decay": train.weight_decay},
        {"params": rest, "lr": train.learning_rate, "weight_decay": 0.0},
        {"params": kernel, "lr": train.conv_learning_rate, "weight_decay": 0.0},
        {"params": dynamics, "lr": train.state_learning_rate, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def _decays(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) and not isinstance(module, FilterLinear)
