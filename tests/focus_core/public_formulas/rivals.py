"""The rivals' mixers from their papers' equations, with norm and residual, (L, D) to (L, D).

``p`` holds the parameters by name, ``m`` the sizes that are no parameter's shape.
"""

from collections.abc import Callable

import numpy as np

from tests.focus_core.arrays import Complexes, Floats
from tests.focus_core.public_formulas import parts
from tests.focus_core.public_formulas.parts import Options, Weights, linear, norm, sigmoid, silu


def attention(p: Weights, x: Floats, m: Options) -> Floats:
    """Vaswani et al. 2017 with rotary positions; pre-norm."""
    return _attention(p, x, m, parts.turned)


def gpt2(p: Weights, x: Floats, m: Options) -> Floats:
    """Radford et al. 2019: pre-norm; positions were added to the embedding."""
    return _attention(p, x, m, lambda t: t)


def _attention(p: Weights, x: Floats, m: Options, position: Callable[[Floats], Floats]) -> Floats:
    length, width = x.shape
    size = width // m["heads"]
    q, k, v = np.split(linear(norm(x, p), p, "query_key_value"), 3, axis=-1)
    read = np.empty_like(x)
    for head in range(m["heads"]):
        part = slice(head * size, (head + 1) * size)
        score = position(q[:, part]) @ position(k[:, part]).T / np.sqrt(size)
        read[:, part] = parts.attend(score, v[:, part], parts.before(length))
    return x + linear(read, p, "out")


def transformer_xl(p: Weights, x: Floats, m: Options) -> Floats:
    """Dai et al. 2019, section 3.3: terms (a) to (d) of every query and key; post-norm.

    A segment reads itself and the one before it.
    """
    length, width = x.shape
    heads, size = m["heads"], width // m["heads"]
    q = linear(x, p, "query")
    k, v = np.split(linear(x, p, "key_value"), 2, axis=-1)
    rate = parts.WAVE_BASE ** (-np.arange(0, width, 2) / width)
    angle = np.arange(length)[:, None] * rate
    wave = linear(np.concatenate((np.sin(angle), np.cos(angle)), axis=-1), p, "relative")
    distance = np.maximum(np.arange(length)[:, None] - np.arange(length), 0)
    segment = np.arange(length) // m["segment"]
    seen = parts.before(length) & (segment[:, None] - segment <= 1)
    read = np.empty_like(x)
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        content = (q[:, part] + p["biases.content_HZ"][head]) @ k[:, part].T
        place = np.einsum(
            "tz,tsz->ts", q[:, part] + p["biases.position_HZ"][head], wave[distance][..., part]
        )
        read[:, part] = parts.attend((content + place) / np.sqrt(size), v[:, part], seen)
    return norm(x + linear(read, p, "out"), p)


def mega(p: Weights, x: Floats, m: Options) -> Floats:
    """Ma et al. 2023, section 3.2 and 3.4, in chunks.

    The relative bias is the published rotary one: two vectors, turned by the step in the chunk.
    """
    length, width = x.shape
    key = p["gamma_2Z"].shape[1]
    value = p["value.weight"].shape[0]
    h = norm(x, p)
    v = silu(linear(h, p, "value"))
    every = linear(parts.averaged(h, p, "average"), p, "gates")
    phi, z, gamma, candidate = np.split(every, np.cumsum([width, key, value]), axis=-1)
    q, k = (silu(z) * p["gamma_2Z"][i] + p["beta_2Z"][i] for i in range(2))
    size = m["chunk"]
    one, other = (parts.turned(np.tile(p["bias_2Z"][i], (size, 1))) for i in range(2))
    step = np.arange(length) % size
    score = q @ k.T / np.sqrt(key) + (one @ other.T)[step[:, None], step]
    read = parts.attend(score, v, parts.chunks(length, size))
    h = silu(candidate + linear(silu(gamma) * read, p, "from_attention"))
    phi = sigmoid(phi)
    return phi * h + (1 - phi) * x


def hyena(p: Weights, x: Floats, m: Options) -> Floats:
    """Poli et al. 2023, order 2: x1 . (h * (x2 . v)), where a network of sines writes h."""
    first, second, v = np.split(
        parts.short_conv(linear(norm(x, p), p, "into"), p, "short"), 3, axis=-1
    )
    v = second * v
    long = parts.convolved(v, _hyena_taps(p, len(x), m)) + p["skip_D"] * v
    return x + linear(first * long, p, "out")


def _hyena_taps(p: Weights, length: int, m: Options) -> Floats:
    """Window(t) . FFN(positions(t)), section 3.3 and appendix; t from 0 to 1 over the longest."""
    rows, width = [], p["filter.out.weight"].shape[0]
    decay = np.linspace(np.log(100) / 1.5, np.log(100) / 0.3, width)
    bands = np.linspace(1e-4, (m["features"] - 1) // 2 - 1, (m["features"] - 1) // 2)
    for step in range(length):
        t = step / max(1, m["longest"] - 1)
        turn = np.exp(-2j * np.pi * bands * step / m["longest"])
        z = np.concatenate(([t], turn.real, turn.imag))
        for layer in range(3):
            z = np.sin(p["filter.frequency_W"] * linear(z, p, f"filter.layers.{layer}"))
        rows.append(linear(z, p, "filter.out") * np.exp(-decay * t))
    return np.array(rows)


def short_conv(p: Weights, x: Floats, m: Options) -> Floats:
    """A control of ours: x + W SiLU(a few taps)."""
    return x + linear(silu(parts.short_conv(norm(x, p), p, "conv")), p, "out")


def s4(p: Weights, x: Floats, m: Options) -> Floats:
    """Gu et al. 2022: x' = A x + B u with A = diag - P P^*, bilinear steps, y = C x + D u."""
    pole = -np.exp(p["kernel.log_decay_S"]) + 1j * p["kernel.turn_S"]
    low, b = (_both(p[f"kernel.{name}_S2"]) for name in "PB")
    a = np.diag(np.concatenate((pole, pole.conj()))) - np.outer(low, low.conj())
    one = np.eye(len(a))

    def step(size: float) -> tuple[Complexes, Complexes]:
        inverse = np.linalg.inv(one - size / 2 * a)
        return inverse @ (one + size / 2 * a), inverse @ b * size

    return _state_space(p, x, m, step)


def s4d(p: Weights, x: Floats, m: Options) -> Floats:
    """Gu et al. 2022b: A diagonal, B of ones, zero-order hold."""
    pole = -np.exp(p["kernel.log_decay_S"]) + 1j * p["kernel.turn_S"]
    pole = np.concatenate((pole, pole.conj()))

    def step(size: float) -> tuple[Complexes, Complexes]:
        return np.diag(np.exp(size * pole)), (np.exp(size * pole) - 1) / pole

    return _state_space(p, x, m, step)


def _state_space(
    p: Weights, x: Floats, m: Options, step: Callable[[float], tuple[Complexes, Complexes]]
) -> Floats:
    """The recurrence of every channel; GELU, a linear layer and GLU behind it; pre-norm."""
    u, y = norm(x, p), np.empty_like(x)
    for d, size in enumerate(np.exp(p["kernel.log_step_D"])):
        (a, b), c = step(size), _both(p["kernel.C_DS2"][d])
        state = np.zeros(len(b), dtype=complex)
        for t in range(len(x)):
            state = a @ state + b * u[t, d]
            y[t, d] = (c @ state).real
    one, gate = np.split(linear(parts.gelu(y + p["skip_D"] * u), p, "out"), 2, axis=-1)
    return x + one * sigmoid(gate)


def _both(half: Floats) -> Complexes:
    """The kept half of conjugate pairs, and the other."""
    half = half[:, 0] + 1j * half[:, 1]
    return np.concatenate((half, half.conj()))
