"""The recurrences as loops of torch calls: on any device, for any type, needing nothing else.

P order, N bins, R bin length, T = N * R steps, G lanes that run in parallel.
"""

from __future__ import annotations

import torch
from torch import Tensor


def recur_forward(w_NRG: Tensor, a_PNG: Tensor) -> Tensor:
    """y[t] = w[t] - sum_p a_p y[t-p]; step t of bin n uses the coefficients of bin n."""
    N, R, _ = w_NRG.shape
    y_NRG = w_NRG.clone(memory_format=torch.contiguous_format)
    a = [a_NG.unbind(0) for a_NG in a_PNG.unbind(0)]
    y = y_NRG.flatten(0, 1).unbind(0)
    for t in range(N * R):
        for p, a_p in enumerate(a[:t], start=1):
            y[t].addcmul_(a_p[t // R], y[t - p], value=-1)
    return y_NRG


def recur_backward(grad_y_NRG: Tensor, y_NRG: Tensor, a_PNG: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of w_NRG and of a_PNG, from the gradient of y_NRG."""
    u_NRG = _adjoint(grad_y_NRG, a_PNG)
    return u_NRG, _coefficient_gradient(u_NRG, y_NRG, len(a_PNG))


def _adjoint(grad_y_NRG: Tensor, a_PNG: Tensor) -> Tensor:
    """The same recurrence in reverse: u[t] = grad_y[t] - sum_p a_p(t+p) u[t+p].

    The coefficient is that of step t + p, because step t + p reads y[t].
    """
    N, R, _ = grad_y_NRG.shape
    u_NRG = grad_y_NRG.clone(memory_format=torch.contiguous_format)
    a = [a_NG.unbind(0) for a_NG in a_PNG.unbind(0)]
    u = u_NRG.flatten(0, 1).unbind(0)
    for t in reversed(range(N * R)):
        for p, a_p in enumerate(a[: N * R - 1 - t], start=1):
            u[t].addcmul_(a_p[(t + p) // R], u[t + p], value=-1)
    return u_NRG


def _coefficient_gradient(u_NRG: Tensor, y_NRG: Tensor, order: int) -> Tensor:
    """grad_a_p = -sum over the bin's steps t of u[t] y[t-p]."""
    u_TG, y_TG = u_NRG.flatten(0, 1), y_NRG.flatten(0, 1)
    grad_PNG = u_NRG.new_zeros(order, u_NRG.shape[0], u_NRG.shape[2])
    product_NRG = torch.zeros_like(u_NRG)
    product_TG = product_NRG.flatten(0, 1)
    for p in range(1, min(order, len(u_TG) - 1) + 1):
        product_TG[:p] = 0
        torch.mul(u_TG[p:], y_TG[:-p], out=product_TG[p:])
        torch.sum(product_NRG, dim=1, out=grad_PNG[p - 1])
    return grad_PNG.neg_()


def complex_forward(w_TG: Tensor, a_TG: Tensor, b_TG: Tensor) -> tuple[Tensor, Tensor]:
    """s[t] = w[t] + (a + jb)[t] s[t-1]: the real and the imaginary part of s, u_TG and v_TG."""
    u_TG = w_TG.clone(memory_format=torch.contiguous_format)
    v_TG = torch.zeros_like(u_TG)
    u, v, a, b = (x_TG.unbind(0) for x_TG in (u_TG, v_TG, a_TG, b_TG))
    for t in range(1, len(u)):
        u[t].addcmul_(a[t], u[t - 1]).addcmul_(b[t], v[t - 1], value=-1)
        v[t].addcmul_(a[t], v[t - 1]).addcmul_(b[t], u[t - 1])
    return u_TG, v_TG


def complex_backward(
    grads: tuple[Tensor, Tensor], states: tuple[Tensor, Tensor], poles: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of w, of the logarithm of the poles' modulus, and of their angle.

    Args:
        grads: of u_TG and v_TG.
        states: u_TG and v_TG.
        poles: a_TG and b_TG.
    """
    (u_TG, v_TG), (a_TG, b_TG) = states, poles
    p_TG, q_TG = _turned_back(*grads, a_TG, b_TG)
    grad_decay_TG, grad_angle_TG = torch.zeros_like(u_TG), torch.zeros_like(u_TG)
    p, q, u, v, a, b = p_TG[1:], q_TG[1:], u_TG[:-1], v_TG[:-1], a_TG[1:], b_TG[1:]
    grad_a, grad_b = (p * u).addcmul_(q, v), (q * u).addcmul_(p, v, value=-1)
    torch.mul(a, grad_a, out=grad_decay_TG[1:]).addcmul_(b, grad_b)
    torch.mul(a, grad_b, out=grad_angle_TG[1:]).addcmul_(b, grad_a, value=-1)
    return p_TG, grad_decay_TG, grad_angle_TG


def _turned_back(
    grad_u_TG: Tensor, grad_v_TG: Tensor, a_TG: Tensor, b_TG: Tensor
) -> tuple[Tensor, Tensor]:
    """The adjoint in reverse time: (p + jq)[t] = grad[t] + (a - jb)[t+1] (p + jq)[t+1]."""
    p_TG, q_TG = (g.clone(memory_format=torch.contiguous_format) for g in (grad_u_TG, grad_v_TG))
    p, q, a, b = (x_TG.unbind(0) for x_TG in (p_TG, q_TG, a_TG, b_TG))
    for t in reversed(range(len(p) - 1)):
        p[t].addcmul_(a[t + 1], p[t + 1]).addcmul_(b[t + 1], q[t + 1])
        q[t].addcmul_(a[t + 1], q[t + 1]).addcmul_(b[t + 1], p[t + 1], value=-1)
    return p_TG, q_TG
