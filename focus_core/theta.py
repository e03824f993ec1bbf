"""Theta, the logits of all filters, while a network runs: recorded, or replaced by its mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from focus_core.coupled import CoupledBank, PolesFromInput
from focus_core.filter_bank import FilterBank
from focus_core.hypernetwork import HyperNetwork

Hook = Callable[[nn.Module, Any, Tensor], Tensor | None]


@contextmanager
def recorded_radii(net: nn.Module) -> Iterator[list[Tensor]]:
    """Runs of ``net`` in this context add the pole radii of every bank's filters to the list."""
    radii: list[Tensor] = []

    def recorder(bank: FilterBank | CoupledBank) -> Hook:
        return lambda _module, _inputs, logits: radii.append(bank.pole_radius(logits))

    with _hooked({bank.logits: recorder(bank) for bank in _banks(net)}):
        yield radii


@contextmanager
def mean_theta(net: nn.Module) -> Iterator[bool]:
    """Runs of ``net`` in this context use, in every layer, the mean of its logits.

    The mean is over the sequences of a batch and all their bins or tokens: one static filter bank,
    the best guess at one that does not adapt. Gives False for a network whose filters do not.
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
    """With these forward hooks: one a module, also where layers share it."""
    with ExitStack() as stack:
        for module, hook in hooks.items():
            stack.callback(module.register_forward_hook(hook).remove)
        yield
