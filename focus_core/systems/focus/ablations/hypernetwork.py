"""Ablations of the hypernetwork's MLP: its activation, its initial weights, its first bins.

B batch, N bins, O pooling windows a bin, D width, F filters, P order.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import torch
from torch import Tensor

from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.hypernetwork import HyperfanLinear, HyperNetwork
from focus_core.systems.focus.orders import BY_SIGMOID

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "linear": torch.positive,
}
IDENTITY_LOGIT = -4.0
"""sigmoid(-4) = .018: the filter is close to the identity."""
ZERO_LOGIT = -1e4
"""A logit whose sigmoid is exactly 0."""


class AblatedHyperNetwork(HyperNetwork):
    """The hypernetwork with another activation, start or first bin.

    The logits of the first bins are learned, fixed, or come from the last bins (a control: this
    leaks).
    """

    def __init__(self, model: FocusConfig) -> None:
        super().__init__(model)
        self.model = model
        self.activation = ACTIVATIONS[model.hyper_activation]
        self.out = StartedLinear(model)
        self.learned = model.theta_shift > 0 and model.first_bin == "learned"
        if not self.learned:
            del self.first_DFP

    def forward(self, e_BNDO: Tensor, bins: int) -> Tensor:
        """Logits s_BNDFP of ``bins`` bins."""
        if self.model.first_bin == "roll":
            return self.generated(e_BNDO).roll(self.model.theta_shift, dims=1)
        if self.model.theta_shift == 0:  # a control: every filter is computed from its own bin
            return self.generated(e_BNDO)
        return super().forward(e_BNDO, bins)

    def generated(self, e_BNDO: Tensor) -> Tensor:
        """The output of the MLP."""
        return torch.unflatten(self.out(self.activation(self.hidden(e_BNDO))), -1, self.bank)

    def of_first_bins(self, s_BNDFP: Tensor) -> Tensor:
        """Logits (D, F, P) of each of the first bins."""
        if self.learned:
            return super().of_first_bins(s_BNDFP)
        far = self.model.first_bin == "zero" and self.model.parameterisation in BY_SIGMOID
        return s_BNDFP.new_full((self.width, *self.bank), ZERO_LOGIT if far else 0.0)

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Logits of the first bins, around the mean at which the other bins' logits start."""
        centre = IDENTITY_LOGIT if self.model.theta_init == "identity" else 0.0
        return super().initial_value(name, generator) + centre


class StartedLinear(HyperfanLinear):
    """The last layer of H with the initial weights that ``theta_init`` names.

    With fan-out, Var(W) = 1 / (P hidden m2). ``identity`` is fan-in around logits of -4. ``mid``
    starts all logits at 0. ``xavier`` is Glorot's variance, which ignores what the layer generates.
    """

    def __init__(self, model: FocusConfig) -> None:
        super().__init__(model)
        hidden, windows = model.hyper_width, model.oversampling
        self.second_moment = second_moment(model.hyper_activation, 2 * windows / (windows + hidden))
        self.order, self.start = model.order, model.theta_init

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights of the variance that ``theta_init`` sets; biases 0, or -4 for ``identity``."""
        if name == "bias" and self.start == "identity":
            return torch.full((self.out_features,), IDENTITY_LOGIT)
        return super().initial_value(name, generator)

    def variance(self) -> float:
        """The initial variance of the weights."""
        if self.start == "mid":
            return 0.0
        if self.start == "xavier":
            return 2 / (self.in_features + self.out_features)
        if self.start == "hyperfan_out":
            return 1 / (self.order * self.in_features * self.second_moment)
        return super().variance()


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
