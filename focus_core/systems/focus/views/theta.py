"""Record or replace Theta, the logits of all filters, while a network runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from focus_core.systems.focus.ablations.coefficients import (
    pole_radius,
    section_order,
    to_coefficients,
)
from focus_core.systems.focus.filters import FilterBank
from focus_core.systems.focus.hypernetwork import HyperNetwork
from focus_core.systems.focus.token_wise.coupled import CoupledBank, PolesFromInput

Hook = Callable[[nn.Module, Any, Tensor], Tensor | None]


class Theta(NamedTuple):
    """The logits of one layer's filters in one run: s_BNDFP, or s_TBIFD for a coupled bank."""

    bank: FilterBank | CoupledBank
    logits: Tensor

    @property
    def radii(self) -> Tensor:
        """The pole radius of every filter; of a cascade, the largest of each section."""
        if isinstance(self.bank, CoupledBank):
            return self.bank.pole_radius(self.logits)
        model = self.bank.model
        a_BNDFP = to_coefficients(self.logits, model.parameterisation)
        section = section_order(model.parameterisation, model.order)
        return pole_radius(torch.unflatten(a_BNDFP, -1, (-1, section)))

    @property
    def num_places(self) -> int:
        """Number of places in a sequence: bins or tokens, 1 if all places share their filters."""
        return self.logits.shape[0 if isinstance(self.bank, CoupledBank) else 1]

    def at(self, places: Sequence[int]) -> Tensor:
        """The first sequence's logits at these places, in the shape that the bank reads."""
        if isinstance(self.bank, CoupledBank):
            return self.logits[:, 0][list(places)][None]
        return self.logits[0][list(places)][:, None]


@contextmanager
def recorded(net: nn.Module) -> Iterator[list[Theta]]:
    """Runs of ``net`` in this context append the Theta of every bank to the list, layer by layer.

    A bidirectional layer appends two: the Theta of its mixer, then that of its reversed mixer.
    """
    found: list[Theta] = []

    def recorder(bank: FilterBank | CoupledBank) -> Hook:
        return lambda _module, _inputs, logits: found.append(Theta(bank, logits))

    with _hooked({bank.logits: recorder(bank) for bank in _banks(net)}):
        yield found


@contextmanager
def fixed(bank: FilterBank | CoupledBank, logits: Tensor) -> Iterator[None]:
    """Runs of ``bank`` in this context use these logits, in every bin or at every token."""

    def hook(_module: nn.Module, _inputs: Any, found: Tensor) -> Tensor:
        return logits.expand_as(found) if isinstance(bank, CoupledBank) else logits

    with _hooked({bank.logits: hook}):
        yield


@contextmanager
def mean_theta(net: nn.Module) -> Iterator[bool]:
    """Runs of ``net`` in this context use, in every layer, the mean of that layer's logits.

    The mean is over the sequences of a batch and all their bins or tokens. It gives one static
    filter bank, the best guess at a bank that does not adapt. The context yields False for a
    network whose filters do not adapt.
    """

    def hook(_module: nn.Module, _inputs: Any, logits: Tensor) -> Tensor:
        return logits.mean(dim=(0, 1), keepdim=True).expand_as(logits)

    adaptive = [
        bank.logits
        for bank in _banks(net)
        if isinstance(bank.logits, (HyperNetwork, PolesFromInput))
    ]
    with _hooked(dict.fromkeys(adaptive, hook)):
        yield bool(adaptive)


def _banks(net: nn.Module) -> list[FilterBank | CoupledBank]:
    return [module for module in net.modules() if isinstance(module, (FilterBank, CoupledBank))]


@contextmanager
def _hooked(hooks: dict[nn.Module, Hook]) -> Iterator[None]:
    """Add these forward hooks for this context: one per module, even if layers share it."""
    with ExitStack() as stack:
        for module, hook in hooks.items():
            stack.callback(module.register_forward_hook(hook).remove)
        yield
