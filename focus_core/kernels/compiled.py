"""The recurrences compiled for a CPU by numba: loops over time, with the lanes innermost.

Inner loops are short and name few arrays: LLVM then proves that the arrays do not overlap, and uses
vectors. A function of another file must not be called here, because numba's cache of compiled code
does not see when it changes.

P order, N bins, R bin length, T = N * R steps, G lanes that run in parallel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from numba import njit
from torch import Tensor

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
BLOCK = 512  # lanes whose past stays in the nearest cache
OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}
"""A product and a sum may be rounded once (``contract``). No other liberty is taken: NaN and
infinity go where they go in torch."""


def compiled(kernel: Kernel) -> Kernel:
    """The kernel in machine code, made at its first call and kept for later processes."""
    try:
        made: Kernel = njit(cache=True, **OPTIONS)(kernel)
    except RuntimeError:  # no folder can be written: every process compiles for itself
        made = njit(**OPTIONS)(kernel)
    return made


def inlined(part: Kernel) -> Kernel:
    """A part of kernels, put into their machine code wherever they call it.

    On some processors, a part that is called instead gives other last digits in the process that
    compiles it than in those that load the kernel from the cache.
    """
    made: Kernel = njit(forceinline=True, **OPTIONS)(part)
    return made


def recur_forward(w_NRG: Tensor, a_PNG: Tensor) -> Tensor:
    """y[t] = w[t] - sum_p a_p y[t-p]; see ``loops``."""
    y_NRG = torch.empty_like(w_NRG, memory_format=torch.contiguous_format)
    if y_NRG.numel():
        _recur(_steps(w_NRG), array(a_PNG), w_NRG.shape[1], _steps(y_NRG))
    return y_NRG


def recur_backward(grad_y_NRG: Tensor, y_NRG: Tensor, a_PNG: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of w_NRG and of a_PNG; see ``loops``."""
    u_NRG = torch.empty_like(y_NRG, memory_format=torch.contiguous_format)
    grad_a_PNG = torch.zeros_like(a_PNG, memory_format=torch.contiguous_format)
    if y_NRG.numel():
        grad_y, y, u = _steps(grad_y_NRG), _steps(y_NRG), _steps(u_NRG)
        _recur_back(grad_y, y, array(a_PNG), y_NRG.shape[1], u, array(grad_a_PNG))
    return u_NRG, grad_a_PNG


def complex_forward(w_TG: Tensor, a_TG: Tensor, b_TG: Tensor) -> tuple[Tensor, Tensor]:
    """s[t] = w[t] + (a + jb)[t] s[t-1], in its two parts; see ``loops``."""
    u_TG = torch.empty_like(w_TG, memory_format=torch.contiguous_format)
    v_TG = torch.empty_like(u_TG)
    if w_TG.numel():
        _recur_complex(*map(array, (w_TG, a_TG, b_TG, u_TG, v_TG)))
    return u_TG, v_TG


def complex_backward(
    grads: tuple[Tensor, Tensor], states: tuple[Tensor, Tensor], poles: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of w, of the log of the modulus, and of the angle; see ``loops``."""
    T, G = grads[0].shape
    p_TG, decay_TG, angle_TG = grads[0].new_empty(3, T, G)
    if p_TG.numel():
        q_2G = p_TG.new_empty(2, G)
        made = (p_TG, decay_TG, angle_TG, q_2G)
        _recur_complex_back(*map(array, (*grads, *states, *poles, *made)))
    return p_TG, decay_TG, angle_TG


def array(x: Tensor) -> Any:
    """The numbers of a tensor as numpy sees them: contiguous, and no copy if they already are."""
    return x.detach().contiguous().numpy()


def _steps(x_NRG: Tensor) -> Any:
    return array(x_NRG).reshape(-1, x_NRG.shape[-1])


@compiled
def _recur(w: Any, a: Any, R: int, y: Any) -> None:
    for first in range(0, w.shape[1], BLOCK):
        lanes = slice(first, min(first + BLOCK, w.shape[1]))
        for t in range(w.shape[0]):
            y_t, w_t = y[t, lanes], w[t, lanes]
            for g in range(len(y_t)):
                y_t[g] = w_t[g]
            for p in range(1, min(a.shape[0], t) + 1):
                a_p, past = a[p - 1, t // R, lanes], y[t - p, lanes]
                for g in range(len(y_t)):
                    y_t[g] -= a_p[g] * past[g]


@compiled
def _recur_back(grad_y: Any, y: Any, a: Any, R: int, u: Any, grad_a: Any) -> None:
    T, G = y.shape
    for first in range(0, G, BLOCK):
        lanes = slice(first, min(first + BLOCK, G))
        for t in range(T - 1, -1, -1):
            u_t, grad_t = u[t, lanes], grad_y[t, lanes]
            for g in range(len(u_t)):
                u_t[g] = grad_t[g]
            for p in range(1, min(a.shape[0], T - 1 - t) + 1):
                a_p, later = a[p - 1, (t + p) // R, lanes], u[t + p, lanes]
                for g in range(len(u_t)):
                    u_t[g] -= a_p[g] * later[g]
            for p in range(1, min(a.shape[0], t) + 1):
                grad_p, past = grad_a[p - 1, t // R, lanes], y[t - p, lanes]
                for g in range(len(u_t)):
                    grad_p[g] -= u_t[g] * past[g]


@compiled
def _recur_complex(w: Any, a: Any, b: Any, u: Any, v: Any) -> None:
    for first in range(0, w.shape[1], BLOCK):
        lanes = slice(first, min(first + BLOCK, w.shape[1]))
        for g in range(first, min(first + BLOCK, w.shape[1])):
            u[0, g], v[0, g] = w[0, g], 0
        for t in range(1, w.shape[0]):
            w_t, a_t, b_t, u_t, v_t = (
                w[t, lanes],
                a[t, lanes],
                b[t, lanes],
                u[t, lanes],
                v[t, lanes],
            )
            u_p, v_p = u[t - 1, lanes], v[t - 1, lanes]
            for g in range(len(u_t)):
                u_t[g] = w_t[g] + a_t[g] * u_p[g] - b_t[g] * v_p[g]
            for g in range(len(u_t)):
                v_t[g] = a_t[g] * v_p[g] + b_t[g] * u_p[g]


@compiled
def _recur_complex_back(
    grad_u: Any, grad_v: Any, u: Any, v: Any, a: Any, b: Any, p: Any, decay: Any, angle: Any, q: Any
) -> None:
    """``q`` holds two steps of the adjoint's imaginary part; its real part is ``p``."""
    T, G = grad_u.shape
    for first in range(0, G, BLOCK):
        lanes = slice(first, min(first + BLOCK, G))
        for g in range(first, min(first + BLOCK, G)):
            p[T - 1, g], q[(T - 1) % 2, g] = grad_u[T - 1, g], grad_v[T - 1, g]
            decay[0, g], angle[0, g] = 0, 0  # the state before the first step is 0
        for t in range(T - 1, 0, -1):
            a_t, b_t, p_t, q_t = a[t, lanes], b[t, lanes], p[t, lanes], q[t % 2, lanes]
            u_p, v_p, p_p, q_p = (
                u[t - 1, lanes],
                v[t - 1, lanes],
                p[t - 1, lanes],
                q[1 - t % 2, lanes],
            )
            decay_t, angle_t = decay[t, lanes], angle[t, lanes]
            grad_p, grad_q = grad_u[t - 1, lanes], grad_v[t - 1, lanes]
            # (a - jb) (p + jq) is the adjoint turned back; with s[t-1] it gives both gradients.
            for g in range(len(p_t)):
                turned, across = (
                    a_t[g] * p_t[g] + b_t[g] * q_t[g],
                    a_t[g] * q_t[g] - b_t[g] * p_t[g],
                )
                decay_t[g] = u_p[g] * turned + v_p[g] * across
            for g in range(len(p_t)):
                turned, across = (
                    a_t[g] * p_t[g] + b_t[g] * q_t[g],
                    a_t[g] * q_t[g] - b_t[g] * p_t[g],
                )
                angle_t[g] = u_p[g] * across - v_p[g] * turned
            for g in range(len(p_t)):
                p_p[g] = grad_p[g] + a_t[g] * p_t[g] + b_t[g] * q_t[g]
            for g in range(len(p_t)):
                q_p[g] = grad_q[g] + a_t[g] * q_t[g] - b_t[g] * p_t[g]
