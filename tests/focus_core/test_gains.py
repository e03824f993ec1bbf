"""Each gain normalises what it says, by scipy's filters and a fine frequency grid."""

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor

from focus_core.systems.focus.ablations.gains import l2_gain, peak_gain, to_filters
from focus_core.systems.focus.orders import ORDERS, gain_error
from tests.focus_core.arrays import Floats
from tests.narrowing import known

GAINS = [
    (gain, name, order)
    for gain in ("l2", "dc", "peak")
    for name, orders in ORDERS.items()
    for order in orders
    if gain_error(gain, name, order) is None
]
EVERY = pytest.mark.parametrize(("gain", "parameterisation", "order"), GAINS)


def logits(*shape: int, seed: int = 0, scale: float = 0.6) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def denominator(row: list[float], parameterisation: str) -> Floats:
    """The one polynomial of a filter; of a cascade, the product of its sections."""
    if parameterisation != "cascade":
        return np.array([1.0, *row])
    product = np.ones(1)
    for i in range(0, len(row), 2):
        product = np.convolve(product, [1.0, *row[i : i + 2]])
    return product


def size(gain: str, b0: float, A: Floats) -> float:
    """What the gain promises to be 1: energy, response at 0, or the largest response."""
    if gain == "l2":
        return float(np.sum(signal.lfilter([b0], A, np.eye(1, 20000)[0]) ** 2))
    if gain == "dc":
        return float(signal.freqz([b0], A, worN=[0.0])[1][0].real)
    return float(abs(signal.freqz([b0], A, worN=np.linspace(0, np.pi, 40001))[1]).max())


@EVERY
def test_a_bank_is_as_loud_as_it_says(gain: str, parameterisation: str, order: int) -> None:
    for bank in (logits(5, order), logits(1, order, seed=1)):
        a, b0 = to_filters(bank, parameterisation=parameterisation, gain=gain)
        sizes = [
            size(gain, b, denominator(row, parameterisation))
            for row, b in zip(a.tolist(), known(b0).tolist(), strict=True)
        ]
        assert sizes == pytest.approx([1 / len(bank)] * len(bank), rel=1e-6)


def test_negative_control_without_a_gain_they_are_not() -> None:
    a, none = to_filters(logits(5, 2), parameterisation="sigmoid", gain="none")
    assert none is None
    assert all(size("l2", 1.0, np.array([1.0, *row])) > 1.05 for row in a.tolist())


def test_known_gains() -> None:
    assert float(l2_gain(torch.tensor([0.6, 0.8]))) == pytest.approx(0.48)
    # a resonator whose peak lies inside the circle, and one whose peak is at the end
    assert float(peak_gain(torch.tensor([0.0, 0.81]))) == pytest.approx(0.19)
    assert float(peak_gain(torch.tensor([0.5, -0.2]))) == pytest.approx(0.3)


@EVERY
@pytest.mark.parametrize("scale", [0.0, 20.0, 1e4])
def test_gradients_are_finite_where_the_squashing_saturates(
    gain: str, parameterisation: str, order: int, scale: float
) -> None:
    signs = torch.ones(3, order)
    signs[1, ::2] = signs[2, 1::2] = -1
    s = (scale * signs).requires_grad_()
    a, b0 = to_filters(s, parameterisation=parameterisation, gain=gain)
    b0 = known(b0)
    torch.autograd.backward(a.sum() + b0.sum())
    assert torch.isfinite(a).all()
    assert torch.isfinite(b0).all()
    assert torch.isfinite(known(s.grad)).all()


@pytest.mark.parametrize(
    ("gain", "parameterisation", "order", "message"),
    [
        ("rms", "sigmoid", 2, "unknown gain 'rms'; the gains are none, l2, dc, peak"),
        ("l2", "cascade", 4, "not a cascade: use dc or none"),
        ("peak", "lattice", 3, "up to order 2, not 3: use l2, dc or none"),
    ],
)
def test_errors_say_what_would_be_right(
    gain: str, parameterisation: str, order: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        to_filters(torch.zeros(1, order), parameterisation=parameterisation, gain=gain)
