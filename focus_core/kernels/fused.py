"""The recurrences as one Triton kernel each way: a program runs through time for a block of lanes.

The past that a step needs stays in registers: step t writes slot t % S of S slots, and reads the
coefficient a_p of slot k from the lag p that this slot has at step t.

P order, N bins, R bin length, T = N * R steps, G lanes that run in parallel, S slots (a power of 2,
P or more).
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 32  # lanes of a program: one warp


def recur_forward(w_NRG: Tensor, a_PNG: Tensor) -> Tensor:
    """y[t] = w[t] - sum_p a_p y[t-p]; see ``loops``."""
    w_NRG, a_PNG = w_NRG.contiguous(), a_PNG.contiguous()
    y_NRG = torch.empty_like(w_NRG)
    _launch(_recur, w_NRG, (w_NRG, a_PNG, y_NRG, *_sizes(w_NRG, a_PNG)), S=_slots(a_PNG))
    return y_NRG


def recur_backward(grad_y_NRG: Tensor, y_NRG: Tensor, a_PNG: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of w_NRG and of a_PNG; see ``loops``."""
    given = [x.contiguous() for x in (grad_y_NRG, y_NRG, a_PNG)]
    u_NRG, grad_a_PNG = torch.empty_like(given[1]), torch.zeros_like(given[2])
    arguments = (*given, u_NRG, grad_a_PNG, *_sizes(y_NRG, a_PNG))
    _launch(_recur_back, y_NRG, arguments, S=_slots(a_PNG))
    return u_NRG, grad_a_PNG


def complex_forward(w_TG: Tensor, a_TG: Tensor, b_TG: Tensor) -> tuple[Tensor, Tensor]:
    """s[t] = w[t] + (a + jb)[t] s[t-1], in its two parts; see ``loops``."""
    given = [x_TG.contiguous() for x_TG in (w_TG, a_TG, b_TG)]
    u_TG, v_TG = torch.empty_like(given[0]), torch.empty_like(given[0])
    _launch(_recur_complex, w_TG, (*given, u_TG, v_TG, *w_TG.shape))
    return u_TG, v_TG


def complex_backward(
    grads: tuple[Tensor, Tensor], states: tuple[Tensor, Tensor], poles: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of w, of the log of the modulus, and of the angle; see ``loops``."""
    given = [x_TG.contiguous() for x_TG in (*grads, *states, *poles)]
    made = [torch.empty_like(given[0]) for _ in range(3)]
    _launch(_recur_complex_back, given[0], (*given, *made, *given[0].shape))
    return made[0], made[1], made[2]


def _launch(kernel: Any, like: Tensor, arguments: tuple[Any, ...], **constants: int) -> None:
    if like.numel():
        with torch.cuda.device_of(like):
            grid = (triton.cdiv(like.shape[-1], BLOCK),)
            kernel[grid](*arguments, **constants, BLOCK=BLOCK, num_warps=1)


def _sizes(w_NRG: Tensor, a_PNG: Tensor) -> tuple[int, int, int, int, int]:
    N, R, G = w_NRG.shape
    return len(a_PNG), N, R, N * R, G


def _slots(a_PNG: Tensor) -> int:
    return int(triton.next_power_of_2(max(2, len(a_PNG))))


@triton.jit
def _recur(w, a, y, P, N, R, T, G, S: tl.constexpr, BLOCK: tl.constexpr):
    g = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = g < G
    slot = tl.arange(0, S)[:, None]
    past = tl.zeros([S, BLOCK], dtype=w.dtype.element_ty)
    for t in range(T):
        lag = (t - 1 - slot + S) % S + 1
        used = (lag <= P) & (lag <= t)
        row = tl.cast((lag - 1) * N + t // R, tl.int64)
        a_p = tl.load(a + row * G + g[None, :], mask=used & inside[None, :], other=0)
        at = tl.cast(t, tl.int64) * G + g
        w_t = tl.load(w + at, mask=inside, other=0)
        y_t = w_t - tl.sum(tl.where(used, a_p * past, 0), axis=0)
        tl.store(y + at, y_t, mask=inside)
        past = tl.where(slot == t % S, y_t[None, :], past)


@triton.jit
def _recur_back(grad_y, y, a, u, grad_a, P, N, R, T, G, S: tl.constexpr, BLOCK: tl.constexpr):
    g = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = g < G
    slot = tl.arange(0, S)[:, None]
    later = tl.zeros([S, BLOCK], dtype=y.dtype.element_ty)
    sums = tl.zeros([S, BLOCK], dtype=y.dtype.element_ty)  # of the bin, row p - 1 for lag p
    for i in range(T):
        t = T - 1 - i
        lag = (slot - t - 1 + (t // S + 1) * S) % S + 1
        used = (lag <= P) & (lag <= i)
        row = tl.cast((lag - 1) * N + (t + lag) // R, tl.int64)
        a_p = tl.load(a + row * G + g[None, :], mask=used & inside[None, :], other=0)
        at = tl.cast(t, tl.int64) * G + g
        grad_t = tl.load(grad_y + at, mask=inside, other=0)
        u_t = grad_t - tl.sum(tl.where(used, a_p * later, 0), axis=0)
        tl.store(u + at, u_t, mask=inside)
        later = tl.where(slot == t % S, u_t[None, :], later)
        read = (slot < P) & (slot < t) & inside[None, :]
        before = tl.cast(t - 1 - slot, tl.int64) * G + g[None, :]
        y_p = tl.load(y + before, mask=read, other=0)
        sums = tl.where((t + 1) % R == 0, 0, sums) - tl.where(read, u_t[None, :] * y_p, 0)
        here = tl.cast(slot * N + t // R, tl.int64) * G + g[None, :]
        tl.store(grad_a + here, sums, mask=(slot < P) & inside[None, :] & (t % R == 0))


@triton.jit
def _recur_complex(w, a, b, u, v, T, G, BLOCK: tl.constexpr):
    g = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = g < G
    u_t = tl.load(w + g, mask=inside, other=0)
    v_t = tl.zeros([BLOCK], dtype=w.dtype.element_ty)
    tl.store(u + g, u_t, mask=inside)
    tl.store(v + g, v_t, mask=inside)
    for t in range(1, T):
        at = tl.cast(t, tl.int64) * G + g
        a_t = tl.load(a + at, mask=inside, other=0)
        b_t = tl.load(b + at, mask=inside, other=0)
        turned = a_t * v_t + b_t * u_t
        u_t = tl.load(w + at, mask=inside, other=0) + a_t * u_t - b_t * v_t
        v_t = turned
        tl.store(u + at, u_t, mask=inside)
        tl.store(v + at, v_t, mask=inside)


@triton.jit
def _recur_complex_back(
    grad_u, grad_v, u, v, a, b, grad_w, decay, angle, T, G, BLOCK: tl.constexpr
):
    g = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = g < G
    p = tl.zeros([BLOCK], dtype=u.dtype.element_ty)  # the adjoint, turned back: (a - jb) (p + jq)
    q = tl.zeros([BLOCK], dtype=u.dtype.element_ty)
    for i in range(T):
        t = T - 1 - i
        at = tl.cast(t, tl.int64) * G + g
        moved = inside & (t > 0)
        p += tl.load(grad_u + at, mask=inside, other=0)
        q += tl.load(grad_v + at, mask=inside, other=0)
        tl.store(grad_w + at, p, mask=inside)
        a_t = tl.load(a + at, mask=moved, other=0)
        b_t = tl.load(b + at, mask=moved, other=0)
        u_p = tl.load(u + at - G, mask=moved, other=0)
        v_p = tl.load(v + at - G, mask=moved, other=0)
        turned = a_t * q - b_t * p
        p = a_t * p + b_t * q
        q = turned
        tl.store(decay + at, tl.where(t > 0, u_p * p + v_p * q, 0), mask=inside)
        tl.store(angle + at, tl.where(t > 0, u_p * q - v_p * p, 0), mask=inside)
