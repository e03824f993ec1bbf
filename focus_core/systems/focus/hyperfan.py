"""The linear layers of a hypernetwork and their initial weights (Glorot; Chang et al. 2020)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "linear": lambda u: u,
}
IDENTITY_LOGIT = -4.0
"""sigmoid(-4) = .018: the filter is close to the identity."""


class XavierLinear(nn.Linear):
    """A linear layer with Glorot's uniform initial weights."""

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights with variance 2 / (fan in + fan out); biases 0."""
        if name == "bias":
            return torch.zeros(self.out_features)
        bound = math.sqrt(6 / (self.in_features + self.out_features))
        return bound * (2 * torch.rand(self.weight.shape, generator=generator) - 1)


class HyperfanLinear(nn.Linear):
    """The last layer of a hypernetwork, which writes the logits of F filters of order P.

    With fan-in (Chang et al. 2020), Var(W) = 1 / (F P hidden m2), where m2 is the second moment of
    a hidden unit: the logits of the F P coefficients of a channel then have variance 1 / (F P).
    With fan-out, Var(W) = 1 / (P hidden m2). ``identity`` is fan-in around logits of -4. ``mid``
    starts all logits at 0. ``xavier`` is Glorot's variance, which ignores what the layer generates.
    """

    def __init__(
        self,
        hidden: int,
        *,
        filters: int,
        order: int,
        windows: int,
        activation: str = "sigmoid",
        start: str = "hyperfan_in",
    ) -> None:
        super().__init__(hidden, filters * order)
        # with inputs of variance 1, a Xavier layer gives the hidden units this variance
        self.second_moment = second_moment(activation, 2 * windows / (windows + hidden))
        self.order, self.start = order, start

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights of the variance that ``start`` sets; biases 0, or -4 for ``identity``."""
        if name == "bias":
            identity = self.start == "identity"
            return torch.full((self.out_features,), IDENTITY_LOGIT if identity else 0.0)
        return math.sqrt(self._variance()) * torch.randn(self.weight.shape, generator=generator)

    def _variance(self) -> float:
        if self.start == "mid":
            return 0.0
        if self.start == "xavier":
            return 2 / (self.in_features + self.out_features)
        fan = self.order if self.start == "hyperfan_out" else self.out_features
        return 1 / (fan * self.in_features * self.second_moment)


def second_moment(activation: str, variance: float) -> float:
    """E[f(u)^2] for the activation f and u ~ N(0, ``variance``)."""
    if activation == "sigmoid":
        return 1 / 4 + variance / 16  # mean 1/2, slope 1/4
    if activation == "relu":
        return variance / 2
    if activation == "linear":
        return variance
    points = [step / 100 for step in range(-600, 601)]  # u in standard deviations
    weights = [math.exp(-u * u / 2) for u in points]
    squares = [math.tanh(math.sqrt(variance) * u) ** 2 for u in points]
    return math.fsum(map(operator.mul, squares, weights)) / math.fsum(weights)
