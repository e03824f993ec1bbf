"""From logits to stable all-pole filters: coefficients, reflections and pole radii.

A filter of order P is 1 / A(z) with A(z) = 1 + a_1 z^-1 + ... + a_P z^-P (Eq. 5, any order); a
cascade is a product of such sections of order 2. B batch, N bins, D channels, F filters, P order.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from focus_core.systems.focus.orders import order_error

# Largest |k| of a lattice of each order. In floating point, tanh reaches 1 exactly. |k| = 1 puts
# poles on the unit circle and makes the slope of sqrt(1 - k^2) infinite. All P poles can also lie
# close together, where rounding the coefficients to float32 moves them by eps^(1/P): higher orders
# have lower limits. Every corner of the cube is stable in exact arithmetic after rounding (tested).
MAX_REFLECTION = {1: 0.999, 2: 0.999, 3: 0.99, 4: 0.97, 5: 0.96, 6: 0.94, 7: 0.85, 8: 0.85}
MAX_RADIUS = 0.999
"""The limit of the others: ek's ratios, the radius of polar, ema and coupled poles, triangle's
tanh (its distance to the sides)."""


def to_coefficients(s_BNDFP: Tensor, parameterisation: str) -> Tensor:
    """The coefficients a_1 ... a_P of a stable filter, along the last axis.

    Args:
        s_BNDFP: logits; only the last axis, the order, has a meaning here.
        parameterisation: ``"sigmoid"`` (the paper's: a = sigmoid(s), order 1 or 2),
            ``"lattice"`` (reflection coefficients k = tanh(s), order 1 to 8), ``"ek"`` (falling
            coefficients, stable by the theorem of Enestroem and Kakeya, order 1 to 8),
            ``"triangle"`` (every stable filter of order 2), ``"polar"`` (one complex pole pair),
            ``"cascade"`` (triangles in series: the coefficients of one section after another) or
            ``"ema"`` (a_1 = -c sigmoid(s): with gain "dc" an exponential moving average).

    Returns:
        a_BNDFP, of the logits' shape and type.

    Raises:
        ValueError: an unknown parameterisation, or an order that it cannot keep stable.
    """
    _check(s_BNDFP, parameterisation)
    match parameterisation:
        case "sigmoid":
            return torch.sigmoid(s_BNDFP)  # the last activation of H, below Eq. 5
        case "lattice":
            return step_up(to_reflections(s_BNDFP, parameterisation))
        case "ek":
            return _falling(s_BNDFP)
        case "polar":
            return _pole_pair(s_BNDFP)
        case "ema":
            return -MAX_RADIUS * torch.sigmoid(s_BNDFP)
        case _:
            sections = torch.unflatten(s_BNDFP, -1, (-1, 2))
            return _triangle(sections).flatten(-2)


def _falling(s_BNDFP: Tensor) -> Tensor:
    """a_p = prod_{i<=p} c sigmoid(s_i): no pole radius exceeds the largest ratio, below c < 1."""
    ratio_BNDFP = functional.logsigmoid(s_BNDFP) + math.log(MAX_RADIUS)
    return torch.exp(ratio_BNDFP.cumsum(dim=-1))


def _pole_pair(s_BNDFP: Tensor) -> Tensor:
    """Poles r e^{+-jw}: a = (-2 r cos w, r^2), with r = c sigmoid(s_1) and w = pi sigmoid(s_2)."""
    r, w = (MAX_RADIUS * torch.sigmoid(s_BNDFP[..., 0]), math.pi * torch.sigmoid(s_BNDFP[..., 1]))
    return torch.stack((-2 * r * torch.cos(w), r.square()), dim=-1)


def _triangle(s_BNDFP: Tensor) -> Tensor:
    """The stability triangle |a_2| < 1, |a_1| < 1 + a_2 (the form of Nercessian et al. 2021)."""
    t1, t2 = (MAX_RADIUS * torch.tanh(s_BNDFP)).unbind(-1)
    a1 = 2 * t1
    return torch.stack((a1, ((2 - a1.abs()) * t2 + a1.abs()) / 2), dim=-1)


def section_order(parameterisation: str, order: int) -> int:
    """The order of each section; the sections of a filter run one after the other."""
    return 2 if parameterisation == "cascade" else order


def to_reflections(s_BNDFP: Tensor, parameterisation: str) -> Tensor:
    """The reflection coefficients k_1 ... k_P of the filters with these logits, |k| below 1.

    Raises:
        ValueError: as ``to_coefficients``, or a cascade, which is not a single polynomial.
    """
    _check(s_BNDFP, parameterisation)
    order = s_BNDFP.shape[-1]
    if parameterisation == "lattice":
        return MAX_REFLECTION[order] * torch.tanh(s_BNDFP)
    if parameterisation == "cascade":
        raise ValueError("a cascade has no reflection coefficients of its own: ask each section")
    a_BNDFP = to_coefficients(s_BNDFP, parameterisation)
    if order != 2:
        return step_down(a_BNDFP).clamp(-MAX_RADIUS, MAX_RADIUS)
    a1, a2 = a_BNDFP.unbind(-1)
    return torch.stack((a1 / (1 + a2), a2), dim=-1).clamp(-MAX_RADIUS, MAX_RADIUS)


def step_up(k_BNDFP: Tensor) -> Tensor:
    """Levinson's step-up: reflection coefficients k_1 ... k_P to coefficients a_1 ... a_P."""
    a: list[Tensor] = []
    for k_m in k_BNDFP.unbind(-1):
        a = [forward + k_m * backward for forward, backward in zip(a, a[::-1], strict=True)] + [k_m]
    return torch.stack(a, dim=-1)


def step_down(a_BNDFP: Tensor) -> Tensor:
    """The inverse of ``step_up``, for stable filters."""
    rest, k = list(a_BNDFP.unbind(-1)), []
    while rest:
        k_m = rest.pop()
        k.append(k_m)
        left = 1 - k_m.square()
        rest = [(x - k_m * y) / left for x, y in zip(rest, rest[::-1], strict=True)]
    return torch.stack(k[::-1], dim=-1)


def pole_radius(a_BNDFP: Tensor) -> Tensor:
    """The largest pole radius of each filter, (B, N, D, F); below 1 for a stable filter."""
    order = a_BNDFP.shape[-1]
    companion = a_BNDFP.new_zeros(*a_BNDFP.shape, order)
    companion[..., 0, :] = -a_BNDFP
    companion[..., range(1, order), range(order - 1)] = 1
    poles: Tensor = torch.linalg.eigvals(companion)
    return poles.abs().amax(dim=-1)


def _check(s_BNDFP: Tensor, parameterisation: str) -> None:
    error = order_error(parameterisation, s_BNDFP.shape[-1])
    if error is not None:
        raise ValueError(error)
