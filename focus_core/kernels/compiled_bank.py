"""The loops of ``bank``, compiled: rows of lanes, one after another, through time.

Each row is a function of few arrays: LLVM then proves that they do not overlap, and uses vectors.
``bank`` explains the computation. L length, B batch, D width, I parts, H lanes of a token, R bin
length. Names end in ``_t`` for one step.
"""

from __future__ import annotations

import math
from typing import Any

from focus_core.kernels.compiled import compiled, inlined

SPAN = 64
"""Steps whose gradients of the mix are summed in one go: longer sums lose digits."""


@inlined
def _poles(q: Any, known: Any, a: Any, b: Any, gain: Any) -> None:
    """Write a = r cos(w), b = r sin(w) and sqrt(1 - r^2) of H lanes."""
    scale, sin, cos = known
    one, half, q_r = gain.dtype.type(1), gain.dtype.type(0.5), q[0]
    for h in range(len(a)):
        a[h] = scale[0] - scale[0] * q_r[h]  # r
        gain[h] = math.sqrt((scale[1] + scale[0] * q_r[h]) * (one + a[h]))
    if len(q) == 1:
        return
    q_w = q[1]
    for h in range(len(a)):
        m = min(q_w[h], one - q_w[h])  # sin(pi m) = sin(w)
        series = sin[0]
        for term in sin[1:]:
            series = series * (m * m) + term
        b[h] = a[h] * (series * m)
    for h in range(len(a)):
        m = min(q_w[h], one - q_w[h])
        series = cos[0]
        for term in cos[1:]:
            series = series * (m * m) + term
        turned = a[h] * series
        a[h] = turned if q_w[h] < half else -turned


@inlined
def _clear(z: Any) -> None:
    for h in range(len(z)):
        z[h] = 0


@inlined
def _clear_rows(z: Any) -> None:
    for row in range(len(z)):
        _clear(z[row])


@inlined
def _product(z: Any, a: Any, x: Any) -> None:
    for h in range(len(z)):
        z[h] = a[h] * x[h]


@inlined
def _add(z: Any, a: Any, x: Any) -> None:
    for h in range(len(z)):
        z[h] += a[h] * x[h]


@inlined
def _add_two(z: Any, a: Any, x: Any, b: Any, y: Any) -> None:
    for h in range(len(z)):
        z[h] += a[h] * x[h] + b[h] * y[h]


@inlined
def _add_difference(z: Any, a: Any, x: Any, b: Any, y: Any) -> None:
    for h in range(len(z)):
        z[h] += a[h] * x[h] - b[h] * y[h]


@inlined
def _turn_back(p: Any, k: Any, a: Any, b: Any, p_t: Any, k_t: Any) -> None:
    """Turn the adjoint back: p + jk = (a - jb) (p_t + jk_t)."""
    for h in range(len(p)):
        p[h] = a[h] * p_t[h] + b[h] * k_t[h]
    for h in range(len(p)):
        k[h] = a[h] * k_t[h] - b[h] * p_t[h]


@inlined
def _to_slope(slope: Any, a: Any, b: Any, gain: Any) -> None:
    """r^2 / gain."""
    for h in range(len(slope)):
        slope[h] = (a[h] * a[h] + b[h] * b[h]) / gain[h]


@inlined
def _of_gain(of_r: Any, slope: Any, p: Any, x: Any) -> None:
    """The gain's part: d gain / d log r = -r^2 / gain, which is -slope."""
    for h in range(len(of_r)):
        of_r[h] -= slope[h] * p[h] * x[h]


@inlined
def _to_logits(grad: Any, q: Any, of_r: Any, of_w: Any, known: Any) -> None:
    """From gradients of log r and w to those of the logits."""
    one, grad_r, q_r = of_r.dtype.type(1), grad[0], q[0]
    for h in range(len(of_r)):
        grad_r[h] = of_r[h] * q_r[h]
    if len(q) == 1:
        return
    grad_w, q_w = grad[1], q[1]
    for h in range(len(of_r)):
        grad_w[h] = known[0][2] * of_w[h] * q_w[h] * (one - q_w[h])


@inlined
def _sum(z: Any, c: Any, a: Any, x: Any) -> None:
    for h in range(len(z)):
        z[h] = c[h] + a[h] * x[h]


@compiled
def forward(R: int, known: Any, q: Any, x: Any, mix: Any, s: Any, rows: Any, y: Any) -> None:
    """``known`` are the constants of ``_poles``."""
    (L, B, D), (I, H) = x.shape, mix.shape
    a, b, gain, u, v = rows[0], rows[1], rows[2], s[0], s[-1]
    for t in range(L):
        u_t, v_t = u[t], v[t]
        for g in range(0, B * H, H):
            if t % R == 0:
                h = slice(g, g + H)
                _poles(q[t // R, g // H], known, a[h], b[h], gain[h])
            for f in range(g, g + H, D):
                _product(u_t[f : f + D], gain[f : f + D], x[t, g // H])
        if I == 2:
            _clear(v_t)
        if t > 0 and I == 2:
            _add_difference(u_t, a, u[t - 1], b, v[t - 1])
            _add_two(v_t, a, v[t - 1], b, u[t - 1])
        elif t > 0:
            _add(u_t, a, u[t - 1])
        _clear_rows(y[t])
        for g in range(0, B * H, H):
            for f in range(0, H, D):
                y_t, here, at = y[t, g // H], slice(g + f, g + f + D), slice(f, f + D)
                if I == 2:
                    _add_two(y_t, mix[0, at], u_t[here], mix[1, at], v_t[here])
                else:
                    _add(y_t, mix[0, at], u_t[here])


@compiled
def backward(
    R: int,
    known: Any,
    rows: Any,
    grad_y: Any,
    q: Any,
    x: Any,
    mix: Any,
    s: Any,
    grad_s: Any,
    grad_x: Any,
    spans: Any,
) -> None:
    """``p + jk`` is the adjoint, ``p_t + jk_t`` its value at step t before it is turned back."""
    (L, B, D), (I, H) = x.shape, mix.shape
    a, b, gain, slope, p, k, p_t, k_t, of_r, of_w = rows
    u, v = s[0], s[-1]
    for t in range(L - 1, -1, -1):
        if t == L - 1 or (t + 1) % R == 0:
            for g in range(0, B * H, H):
                h = slice(g, g + H)
                _poles(q[t // R, g // H], known, a[h], b[h], gain[h])
            _to_slope(slope, a, b, gain)
            _clear(of_r)
            _clear(of_w)
        _clear_rows(grad_x[t])
        for g in range(0, B * H, H):
            g_t, x_t, grad_t = grad_y[t, g // H], x[t, g // H], grad_x[t, g // H]
            for f in range(0, H, D):
                here, at = slice(g + f, g + f + D), slice(f, f + D)
                _sum(p_t[here], p[here], mix[0, at], g_t)
                _add(spans[t // SPAN, 0, at], u[t, here], g_t)
                if I == 2:
                    _sum(k_t[here], k[here], mix[1, at], g_t)
                    _add(spans[t // SPAN, 1, at], v[t, here], g_t)
                _add(grad_t, gain[here], p_t[here])
                _of_gain(of_r[here], slope[here], p_t[here], x_t)
        if t > 0 and I == 2:
            _turn_back(p, k, a, b, p_t, k_t)
            _add_two(of_r, u[t - 1], p, v[t - 1], k)
            _add_difference(of_w, u[t - 1], k, v[t - 1], p)
        elif t > 0:
            _product(p, a, p_t)
            _add(of_r, u[t - 1], p)
        if t % R == 0:
            for g in range(0, B * H, H):
                h = slice(g, g + H)
                _to_logits(grad_s[t // R, g // H], q[t // R, g // H], of_r[h], of_w[h], known)
