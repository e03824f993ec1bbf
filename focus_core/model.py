"""The whole network: tokens (B, L) to logits (B, L, outputs), its initial weights, its groups."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.config import ModelConfig, TrainConfig
from focus_core.hypernetwork import GlobalConv, HyperEmbedding
from focus_core.mixers import MIXERS
from focus_core.mixers.focus import FilterBank


class FeedForward(nn.Module):
    """x + W2 SiLU(W1 Norm(x))."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        hidden = model.ffn_width or 0
        self.norm = nn.LayerNorm(model.width)
        self.hidden = nn.Linear(model.width, hidden)
        self.out = nn.Linear(hidden, model.width)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        h_BLF = functional.silu(self.hidden(self.norm(x_BLD)))
        out_BLD: Tensor = x_BLD + self.dropout(self.out(self.dropout(h_BLF)))
        return out_BLD


class Block(nn.Module):
    """A sequence mixer, then the feed-forward network."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.mixer = MIXERS[model.mixer](model)
        self.feed_forward = FeedForward(model)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        out_BLD: Tensor = self.feed_forward(self.mixer(x_BLD, e_BNDO))
        return out_BLD


class RealEncoder(nn.Linear):
    """What embeds real numbers: (B, L) to (B, L, D)."""

    def __init__(self, width: int) -> None:
        super().__init__(1, width)

    def forward(self, values_BL: Tensor) -> Tensor:
        """Each number times one vector, plus another."""
        return super().forward(values_BL[..., None].to(self.weight.dtype))

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Both vectors random: with one alone, a layer norm would see no number's size."""
        shape = self.weight.shape if name == "weight" else (self.out_features,)
        return torch.randn(shape, generator=generator)


class SequenceModel(nn.Module):
    """An embedding, ``layers`` blocks, a norm and a head. ``config`` is the resolved config."""

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
        self.embedding = (
            RealEncoder(model.width)
            if vocab_size is None
            else nn.Embedding(vocab_size, model.width)
        )
        adaptive = model.mixer == "focus" and model.filter == "adaptive"
        self.hyper_embedding = HyperEmbedding(model, max_length) if adaptive else None
        self.blocks = nn.ModuleList(Block(model) for _ in range(model.layers))
        self.norm = nn.LayerNorm(model.width)
        self.head = nn.Linear(model.width, num_outputs)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, inputs_BL: Tensor) -> Tensor:
        """Logits (B, L, outputs), or (B, 1, outputs) where the read-out is the mean over time.

        Raises:
            ValueError: a sequence longer than the global convolution's kernel.
        """
        logits_BLV = self.each_position(inputs_BL)
        # The mean of the logits is the head of the mean: the head is linear.
        return logits_BLV.mean(dim=1, keepdim=True) if self.readout == "mean" else logits_BLV

    def each_position(self, inputs_BL: Tensor) -> Tensor:
        """Logits (B, L, outputs), before any mean over time."""
        return self.from_embedding(self.embedding(inputs_BL))

    def from_embedding(self, x_BLD: Tensor) -> Tensor:
        """Logits (B, L, outputs) of embedded tokens: the differentiable part of the network."""
        x_BLD = self.dropout(x_BLD)
        e_BNDO = self._hyper_input(x_BLD)
        for block in self.blocks:
            x_BLD = block(x_BLD, e_BNDO)
        logits: Tensor = self.head(self.norm(x_BLD))
        return logits

    def filter_coefficients(self, inputs_BL: Tensor) -> list[Tensor]:
        """a_BNDFP of every layer that has a filter bank (B and N are 1 for a static one)."""
        e_BNDO = self._hyper_input(self.embedding(inputs_BL))
        bins = -(-inputs_BL.shape[1] // self.config.bin_length)
        banks = [module for module in self.modules() if isinstance(module, FilterBank)]
        return [bank.coefficients(e_BNDO, bins) for bank in banks]

    def _hyper_input(self, x_BLD: Tensor) -> Tensor | None:
        return None if self.hyper_embedding is None else self.hyper_embedding(x_BLD)


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
    whatever two networks share from the same values: comparisons are paired.
    """
    for path, module in net.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
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
    if isinstance(module, nn.Embedding):
        return torch.randn(parameter.shape, generator=generator)
    if isinstance(module, nn.Linear):
        scale = module.in_features**-0.5 if name == "weight" else 0.0  # keeps the variance
        return scale * torch.randn(parameter.shape, generator=generator)
    raise TypeError(f"{type(module).__name__}.{name} has no initial value: give it initial_value")


def parameter_groups(net: nn.Module, train: TrainConfig) -> list[dict[str, Any]]:
    """Groups for AdamW: the weights of linear layers decay; the long kernel has its own rate."""
    kernel, decayed, rest = [], [], []
    for module in net.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if isinstance(module, GlobalConv) and name == "kernel":
                kernel.append(parameter)
            elif isinstance(module, nn.Linear) and name == "weight":
                decayed.append(parameter)
            else:
                rest.append(parameter)
    groups = [
        {"params": decayed, "lr": train.learning_rate, "weight_decay": train.weight_decay},
        {"params": rest, "lr": train.learning_rate, "weight_decay": 0.0},
        {"params": kernel, "lr": train.conv_learning_rate, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
