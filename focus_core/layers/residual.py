"""Linear layers that write into the residual stream."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class ResidualLinear(nn.Linear):
    """One of two such layers per block; the initial weights shrink with depth.

    This is the rule of Radford et al. 2019: the variance of the residual stream does not grow with
    the number of layers.
    """

    def __init__(self, inputs: int, outputs: int, layers: int) -> None:
        super().__init__(inputs, outputs)
        self.writers = 2 * layers

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights of variance 1 / (inputs writers), with writers = 2 layers; biases 0."""
        if name == "bias":
            return torch.zeros(self.out_features)
        scale = 1 / math.sqrt(self.in_features * self.writers)
        return scale * torch.randn(self.weight.shape, generator=generator)
