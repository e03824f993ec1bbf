"""The gain b0 of all-pole filters, which sets the output level of a bank.

B batch, N bins, D channels, F filters, P order.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from focus_core.systems.focus.ablations.coefficients import (
    section_order,
    step_up,
    to_coefficients,
    to_reflections,
)
from focus_core.systems.focus.orders import gain_error


def to_filters(
    s_BNDFP: Tensor, *, parameterisation: str, gain: str
) -> tuple[Tensor, Tensor | None]:
    """Coefficients a_BNDFP and gain b0_BNDF; the gain is None for ``gain="none"``.

    The output level does not grow with the number of filters F. With ``gain="l2"`` the impulse
    response of each filter has norm 1 / sqrt(F), that of all together norm 1. With ``"dc"`` the
    response of each filter at frequency 0 is 1 / F, and their sum is 1. With ``"peak"`` the largest
    response of each filter at any frequency is 1 / F.

    Raises:
        ValueError: as ``to_coefficients``, or a gain that is unknown or not defined for the filter.
    """
    error = gain_error(gain, parameterisation, s_BNDFP.shape[-1])
    if error is not None:
        raise ValueError(error)
    filters = s_BNDFP.shape[-2]
    if gain == "l2":
        k_BNDFP = to_reflections(s_BNDFP, parameterisation)
        gain_BNDF = l2_gain(k_BNDFP) / math.sqrt(filters)
        if parameterisation == "lattice":
            return step_up(k_BNDFP), gain_BNDF
        return to_coefficients(s_BNDFP, parameterisation), gain_BNDF
    a_BNDFP = to_coefficients(s_BNDFP, parameterisation)
    if gain == "none":
        return a_BNDFP, None
    if gain == "peak":
        return a_BNDFP, peak_gain(a_BNDFP) / filters
    return a_BNDFP, dc_gain(a_BNDFP, section_order(parameterisation, a_BNDFP.shape[-1])) / filters


def l2_gain(k_BNDFP: Tensor) -> Tensor:
    """The gain b0_BNDF = prod_p sqrt(1 - k_p^2): it gives the impulse response norm 1."""
    return torch.sqrt((1 - k_BNDFP.square()).prod(dim=-1))


def dc_gain(a_BNDFP: Tensor, order: int) -> Tensor:
    """The gain b0_BNDF = A(1), a product over sections of ``order``: the response at 0 is 1."""
    return (1 + torch.unflatten(a_BNDFP, -1, (-1, order)).sum(dim=-1)).prod(dim=-1)


def peak_gain(a_BNDFP: Tensor) -> Tensor:
    """The gain b0_BNDF = min_w |A(e^{jw})| for order 1 or 2: the largest response is 1.

    At order 2, |A|^2 is a parabola in cos w. For a_2 > 0 its vertex -a_1 (1 + a_2) / (4 a_2) is the
    minimum if it lies in (-1, 1). Otherwise the minimum is at the smaller end, cos w = 1 or -1.
    """
    if a_BNDFP.shape[-1] == 1:
        return 1 - a_BNDFP[..., 0].abs()
    a1, a2 = a_BNDFP.unbind(-1)
    ends = 1 + a2 - a1.abs()
    inside = (a2 > 0) & ((a1 * (1 + a2)).abs() < 4 * a2)
    safe = torch.where(inside, a2, 1.0)  # where() alone would pass NaN into the gradient
    a1 = torch.where(inside, a1, 0.0)
    return torch.where(inside, (1 - a2) * torch.sqrt(1 - a1.square() / (4 * safe)), ends)
