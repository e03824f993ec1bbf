"""The Focus layer from its paper's equations (arXiv 2305.14952), and the filters beside it.

``p`` holds the parameters by name, those of the shared Eq. 2 under ``shared``; ``m`` the sizes
that are no parameter's shape. Where the paper leaves something open the choice is named.
"""

from collections.abc import Callable

import numpy as np

from tests.focus_core.arrays import Floats
from tests.focus_core.public_formulas import parts
from tests.focus_core.public_formulas.parts import Options, Weights, linear, norm, sigmoid, silu

LARGEST = 0.999  # radius of coupled poles, and of reflection coefficients up to order 2


def focus(p: Weights, x: Floats, m: Options) -> Floats:
    """Eq. 9 to 14 around a filter."""
    h = norm(x, p)
    xf = FILTERS[m["filter"]](p, h, x, m)
    length, size = len(x), m["chunk"]
    q, k = parts.turned(linear(h, p, "query")), parts.turned(linear(xf, p, "key"))
    v = silu(linear(xf, p, "value"))  # V's activation: Mega's
    seen = (parts.window if m["sliding"] else parts.chunks)(length, size)
    y = parts.attend(q @ k.T / np.sqrt(q.shape[1]), v, seen)  # Eq. 10
    gamma = silu(linear(xf, p, "reset_gate"))  # Eq. 11
    phi = sigmoid(linear(xf, p, "update_gate"))  # Eq. 12
    z = silu(linear(xf, p, "candidate") + linear(gamma * y, p, "from_attention"))  # Eq. 13
    return phi * z + (1 - phi) * x  # Eq. 14


def adaptive(p: Weights, h: Floats, x: Floats, m: Options) -> Floats:
    """Eq. 1 to 8 without the conjugate: every bin through filters written from the bin before."""
    return _filtered(h, _written(p, x, m), m)


def static(p: Weights, h: Floats, x: Floats, m: Options) -> Floats:
    """Focus-H: the same filters in every bin and for every input."""
    bins = -(-len(h) // m["bin"])
    return _filtered(h, np.broadcast_to(p["filter.logits.logits_DFP"], (bins, *_shape(p))), m)


def _shape(p: Weights) -> tuple[int, int, int]:
    return p["filter.logits.logits_DFP"].shape


def _written(p: Weights, x: Floats, m: Options) -> Floats:
    """Logits (N, D, F, P): Theta = MLP(MaxPool(GlobalConv(x))), of the first bin learned."""
    taps = p["shared.global_conv.kernel"].T[: len(x)]
    taps = np.sign(taps) * np.maximum(np.abs(taps) - m["squash"], 0)  # Fu et al. 2023
    read = parts.gelu(parts.convolved(x, taps) + p["shared.global_conv.skip"] * x)
    size, windows, first = m["bin"], m["windows"], p["filter.logits.first_DFP"]
    logits = [first]
    for n in range(-(-len(x) // size) - 1):
        edges = [
            (n * size + o * size // windows, n * size - (-(o + 1) * size // windows))
            for o in range(windows)
        ]
        e = np.array([read[start:end].max(axis=0) for start, end in edges]).T  # (D, O), Eq. 2
        hidden = sigmoid(linear(e, p, "filter.logits.hidden"))
        logits.append(linear(hidden, p, "filter.logits.out").reshape(first.shape))  # Eq. 3
    return np.array(logits)


def _filtered(h: Floats, logits: Floats, m: Options) -> Floats:
    """Eq. 5, 7 and 8 in time: y[t] = b x[t] - sum_p a_p y[t - p], summed over the bank."""
    length, (_, width, bank, order) = len(h), logits.shape
    y = np.zeros((length, width, bank))
    for t in range(length):
        bin_ = t // m["bin"]
        first = 0 if m["carry"] else bin_ * m["bin"]
        for d in range(width):
            for f in range(bank):
                a, gain = COEFFICIENTS[m["coefficients"]](logits[bin_, d, f])
                past = sum(a[i] * y[t - 1 - i, d, f] for i in range(order) if t - 1 - i >= first)
                y[t, d, f] = gain / np.sqrt(bank) ** m["shares"] * h[t, d] - past
    return np.asarray(y.sum(axis=-1))


def _sigmoids(s: Floats) -> tuple[Floats, float]:
    """Below Eq. 5: the last activation of H."""
    return sigmoid(s), 1.0


def _lattice(s: Floats) -> tuple[Floats, float]:
    """Levinson's step-up (Markel and Gray 1976); the impulse response has norm 1."""
    a = np.zeros(0)
    k = LARGEST * np.tanh(s)
    for k_m in k:
        a = np.append(a + k_m * a[::-1], k_m)
    return a, np.sqrt(np.prod(1 - k**2))


COEFFICIENTS = {"sigmoid": _sigmoids, "lattice": _lattice}


def coupled(p: Weights, h: Floats, x: Floats, m: Options) -> Floats:
    """Poles for every token: s[t] = r e^{jw} s[t - 1] + sqrt(1 - r^2) x[t], mixed over the bank."""
    mix = p["filter.mix_FDI"]
    bank, width, pieces = mix.shape
    if "filter.logits.logits_IFD" in p:
        logits = np.broadcast_to(p["filter.logits.logits_IFD"], (len(h), pieces, bank, width))
    else:
        read = linear(linear(h, p, "filter.logits.down"), p, "filter.logits.up")
        logits = read.reshape(len(h), pieces, bank, width)
    radius = LARGEST * sigmoid(logits[:, 0])
    angle = np.pi * sigmoid(logits[:, 1]) if pieces == 2 else np.zeros_like(radius)
    state, rows = np.zeros((bank, width), dtype=complex), []
    for t in range(len(h)):
        state = radius[t] * np.exp(1j * angle[t]) * state + np.sqrt(1 - radius[t] ** 2) * h[t]
        both = np.stack((state.real, state.imag), axis=-1)[..., :pieces]
        rows.append((both * mix).sum(axis=(0, 2)))
    return np.array(rows)


FILTERS: dict[str, Callable[[Weights, Floats, Floats, Options], Floats]] = {
    "adaptive": adaptive,
    "static": static,
    "coupled": coupled,
    "ema": lambda p, h, x, m: parts.averaged(h, p, "filter"),
    "none": lambda p, h, x, m: h,
    "short_conv": lambda p, h, x, m: parts.short_conv(h, p, "filter.conv"),
}
