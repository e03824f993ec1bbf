"""Numbers on a Focus network's filters: stability, memory, and whether they adapt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from focus_core.layers.evaluation import evaluation
from focus_core.systems.focus.views.responses import filter_numbers
from focus_core.systems.focus.views.theta import mean_theta, recorded

if TYPE_CHECKING:
    from focus_core.training.network import SequenceModel


def each_report(net: SequenceModel, inputs_BL: Tensor) -> dict[str, float]:
    """The numbers of every report: the pole radii."""
    return pole_radii(net, inputs_BL)


def at_the_end(
    net: SequenceModel, inputs_BL: Tensor, score: Callable[[], float]
) -> dict[str, float]:
    """The numbers of the last report: ``filter_numbers``, and ``theta_mean`` if filters adapt.

    Args:
        net: the trained network.
        inputs_BL: a few sequences.
        score: computes the network's validation score. ``theta_mean`` is this score with the
            logits of every filter fixed at their mean. It is as good as the score with adaptive
            filters if the network does not use adaptation.
    """
    found = filter_numbers(net, inputs_BL)
    with mean_theta(net) as adaptive:
        if adaptive:
            found["theta_mean"] = score()
    return found


def pole_radii(net: SequenceModel, inputs_BL: Tensor) -> dict[str, float]:
    """The largest and the median pole radius over bins, channels and filters.

    Args:
        net: runs in evaluation mode for the probe; its mode is restored afterwards.
        inputs_BL: a few sequences.

    Returns:
        ``pole_radius_max`` and ``pole_radius_median`` over all layers, and both again per layer
        with ``.layer0`` ... appended; an empty dict for a network without a filter bank.
    """
    with evaluation(net), recorded(net) as thetas:
        net(inputs_BL)
        radii = [theta.radii.flatten() for theta in thetas]
    if not radii:
        return {}
    found = {"": torch.cat(radii)} | {f".layer{i}": radius for i, radius in enumerate(radii)}
    return {
        f"pole_radius_{what}{where}": float(getattr(radius, what)())
        for where, radius in found.items()
        for what in ("max", "median")
    }
