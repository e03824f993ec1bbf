"""From logits to stable all-pole filters: coefficients, gains and pole radii.

A filter of order P is 1 / A(z) with A(z) = 1 + a_1 z^-1 + ... + a_P z^-P (Eq. 5, any order).
B batch, N bins, D channels, F filters, P order.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# Largest |k| of a lattice of each order. tanh reaches 1 exactly, which puts poles on the unit
# circle and makes the slope of sqrt(1 - k^2) infinite. The P poles can also gather in one place,
# where rounding the coefficients to float32 moves them by eps^(1/P): higher orders keep further
# away. Every corner of the cube is stable in exact arithmetic after rounding (a test proves it).
MAX_REFLECTION = {1: 0.999, 2: 0.999, 3: 0.99, 4: 0.97, 5: 0.96, 6: 0.94, 7: 0.85, 8: 0.85}

LARGEST_ORDER = {"sigmoid": 2, "lattice": max(MAX_REFLECTION)}


def to_coefficients(s_BNDFP: Tensor, parameterisation: str) -> Tensor:
    """The coefficients a_1 ... a_P along the last axis, always those of a stable filter.

    Args:
        s_BNDFP: logits; only the last axis, the order, has a meaning here.
        parameterisation: ``"sigmoid"`` (the paper's: a = sigmoid(s), order 1 or 2) or
            ``"lattice"`` (reflection coefficients k = tanh(s), order 1 to 8).

    Returns:
        a_BNDFP, of the logits' shape and type.

    Raises:
        ValueError: an unknown parameterisation, or an order that it can not keep stable.
    """
    _check(s_BNDFP, parameterisation)
    if parameterisation == "sigmoid":
        return torch.sigmoid(s_BNDFP)  # the last activation of H, below Eq. 5
    return step_up(to_reflections(s_BNDFP, parameterisation))


def to_reflections(s_BNDFP: Tensor, parameterisation: str) -> Tensor:
    """The reflection coefficients k_1 ... k_P of the same filters, |k| below 1.

    Raises:
        ValueError: as ``to_coefficients``.
    """
    _check(s_BNDFP, parameterisation)
    order = s_BNDFP.shape[-1]
    bound = MAX_REFLECTION[order]
    if parameterisation == "lattice":
        return bound * torch.tanh(s_BNDFP)
    a_BNDFP = to_coefficients(s_BNDFP, parameterisation)
    if order == 1:
        return a_BNDFP.clamp(max=bound)
    a1, a2 = a_BNDFP.unbind(-1)
    return torch.stack((a1 / (1 + a2), a2), dim=-1).clamp(max=bound)


def step_up(k_BNDFP: Tensor) -> Tensor:
    """Levinson's step-up: reflection coefficients k_1 ... k_P to coefficients a_1 ... a_P."""
    a: list[Tensor] = []
    for k_m in k_BNDFP.unbind(-1):
        a = [forward + k_m * backward for forward, backward in zip(a, a[::-1], strict=True)] + [k_m]
    return torch.stack(a, dim=-1)


def l2_gain(k_BNDFP: Tensor) -> Tensor:
    """The gain b0_BNDF = prod_p sqrt(1 - k_p^2), which gives the impulse response norm 1."""
    return torch.sqrt((1 - k_BNDFP.square()).prod(dim=-1))


def to_filters(
    s_BNDFP: Tensor, *, parameterisation: str, gain: str
) -> tuple[Tensor, Tensor | None]:
    """Coefficients a_BNDFP and gain b0_BNDF; the gain is None for ``gain="none"``.

    With ``gain="l2"`` the responses of the F filters of a bank have norm 1 together, so that a
    larger bank is not a louder one: each has norm 1 / sqrt(F).

    Raises:
        ValueError: as ``to_coefficients``, or an unknown gain.
    """
    if gain == "none":
        return to_coefficients(s_BNDFP, parameterisation), None
    if gain != "l2":
        raise ValueError(f"unknown gain {gain!r}; the gains are none, l2")
    k_BNDFP = to_reflections(s_BNDFP, parameterisation)
    gain_BNDF = l2_gain(k_BNDFP) / math.sqrt(s_BNDFP.shape[-2])
    if parameterisation == "lattice":
        return step_up(k_BNDFP), gain_BNDF
    return to_coefficients(s_BNDFP, parameterisation), gain_BNDF


def pole_radius(a_BNDFP: Tensor) -> Tensor:
    """The largest pole radius of each filter, (B, N, D, F): below 1 for a stable one."""
    order = a_BNDFP.shape[-1]
    companion = a_BNDFP.new_zeros(*a_BNDFP.shape, order)
    companion[..., 0, :] = -a_BNDFP
    companion[..., range(1, order), range(order - 1)] = 1
    poles: Tensor = torch.linalg.eigvals(companion)
    return poles.abs().amax(dim=-1)


def _check(s_BNDFP: Tensor, parameterisation: str) -> None:
    if parameterisation not in LARGEST_ORDER:
        names = ", ".join(LARGEST_ORDER)
        raise ValueError(f"unknown parameterisation {parameterisation!r}; there are {names}")
    order, largest = s_BNDFP.shape[-1], LARGEST_ORDER[parameterisation]
    if not 1 <= order <= largest:
        raise ValueError(
            f"{parameterisation} coefficients are stable for orders 1 to {largest}, not {order}"
        )
