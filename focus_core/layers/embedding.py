"""Embeddings of tokens, positions and real numbers. B batch, L length, D width."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from focus_core.errors import UserError
from focus_core.options.network_frame import Frame


class TokenEmbedding(nn.Embedding):
    """A vector for every token: entries of variance 1, or length 1 if the head shares it."""

    def __init__(self, count: int, width: int, frame: Frame) -> None:
        super().__init__(count, width)
        self.std = width**-0.5 if frame.tied_head else 1.0
        self.factor = math.sqrt(width) if frame.scaled_embedding else 1.0

    def forward(self, tokens_BL: Tensor) -> Tensor:
        """Vectors (B, L, D), multiplied by the frame's embedding factor."""
        return self.factor * super().forward(tokens_BL)

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """N(0, std^2)."""
        return self.std * torch.randn(self.weight.shape, generator=generator)


class LearnedPositions(nn.Module):
    """Adds a learned vector to every position of a sequence of up to ``max_length`` tokens."""

    def __init__(self, max_length: int, width: int) -> None:
        super().__init__()
        self.weight_LD = nn.Parameter(torch.empty(max_length, width))

    @property
    def most_tokens(self) -> int:
        """The longest sequence."""
        return len(self.weight_LD)

    def forward(self, x_BLD: Tensor, start: int = 0) -> Tensor:
        """(B, L, D) to (B, L, D); the first position is ``start``.

        Raises:
            UserError: the sequence has more positions than there are learned vectors.
        """
        end, known = start + x_BLD.shape[1], len(self.weight_LD)
        if known < end:
            raise UserError(
                f"a sequence of {end} tokens has more positions than are learned: build the model "
                f"with max_length={end} or more, not {known}"
            )
        return x_BLD + self.weight_LD[start:end]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """N(0, 1 / D), as large as a token's vector if the head is tied."""
        scale: float = self.weight_LD.shape[1] ** -0.5
        return scale * torch.randn(self.weight_LD.shape, generator=generator)


class RealEncoder(nn.Linear):
    """The embedding of real numbers: (B, L), or (B, L, channels), to (B, L, D)."""

    def __init__(self, width: int, channels: int = 1) -> None:
        super().__init__(channels, width)

    def forward(self, values_BL: Tensor) -> Tensor:
        """Each channel's number times that channel's vector, plus one more vector."""
        values_BLC = values_BL if values_BL.dim() == 3 else values_BL[..., None]
        return super().forward(values_BLC.to(self.weight.dtype))

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """N(0, 1 / channels) and N(0, 1): without the second, a layer norm would remove sizes.

        A position of standardised numbers has an embedding of variance 2, however many channels.
        """
        if name != "weight":
            return torch.randn((self.out_features,), generator=generator)
        scale: float = self.in_features**-0.5
        return scale * torch.randn(self.weight.shape, generator=generator)
