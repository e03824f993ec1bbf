"""Every logit gives a stable filter; gains and radii are what a textbook says."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy import signal

from focus_core.coefficients import (
    MAX_REFLECTION,
    l2_gain,
    pole_radius,
    step_up,
    to_coefficients,
    to_filters,
    to_reflections,
)

ORDERS = sorted(MAX_REFLECTION)


def random_logits(*shape: int, seed: int = 0, scale: float = 2.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)


def is_stable_exactly(a: list[float]) -> bool:
    """Schur-Cohn in rational arithmetic: step down, every reflection coefficient below 1."""
    rest = [Fraction(x) for x in a]
    while rest:
        k = rest.pop()
        if abs(k) >= 1:
            return False
        rest = [(x - k * y) / (1 - k * k) for x, y in zip(rest, rest[::-1], strict=True)]
    return True


@pytest.mark.parametrize("order", ORDERS)
def test_saturated_lattices_are_stable_after_rounding_to_float32(order):
    corners = torch.tensor(list(itertools.product((-1e4, 1e4), repeat=order)))
    a = to_coefficients(corners, "lattice")
    assert a.dtype == torch.float32
    assert all(is_stable_exactly(row) for row in a.tolist())


def test_negative_control_a_lattice_without_its_bound_is_not_stable():
    assert not is_stable_exactly(step_up(torch.tensor([1.0, -1.0])).tolist())


def test_sigmoid_order_2_is_stable_and_order_3_would_not_be():
    grid = torch.linspace(0.001, 0.999, 41, dtype=torch.float64)
    pairs = torch.cartesian_prod(grid, grid)
    assert pole_radius(pairs).max() < 1
    triples = random_logits(2000, 3).sigmoid()
    assert pole_radius(triples).max() > 1


@pytest.mark.parametrize("order", ORDERS)
def test_pole_radius_is_that_of_numpy_roots(order):
    a = to_coefficients(random_logits(20, order), "lattice")
    roots = [max(abs(np.roots([1.0, *row]))) for row in a.tolist()]
    np.testing.assert_allclose(pole_radius(a).numpy(), roots, atol=1e-6)


@pytest.mark.parametrize("parameterisation", ["sigmoid", "lattice"])
@pytest.mark.parametrize("order", [1, 2, 3, 4, 6, 8])
def test_l2_gain_normalises_the_impulse_response(parameterisation, order):
    if parameterisation == "sigmoid" and order > 2:
        return
    bank = random_logits(5, order, scale=0.5)
    impulse = np.eye(1, 4000)[0]
    for s in (bank, bank[:1]):  # all filters of a bank together, or the only one
        a, gain = to_filters(s, parameterisation=parameterisation, gain="l2")
        energy = [
            np.sum(signal.lfilter([b0], [1.0, *row], impulse) ** 2)
            for row, b0 in zip(a.tolist(), gain.tolist(), strict=True)
        ]
        assert energy == pytest.approx([1 / len(s)] * len(s), abs=1e-9)


def test_sigmoid_is_the_papers_and_step_up_inverts_its_reflections():
    s = random_logits(7, 2)
    torch.testing.assert_close(to_coefficients(s, "sigmoid"), 1 / (1 + torch.exp(-s)))
    torch.testing.assert_close(step_up(to_reflections(s, "sigmoid")), to_coefficients(s, "sigmoid"))


@pytest.mark.parametrize("parameterisation", ["sigmoid", "lattice"])
@pytest.mark.parametrize("size", [0.0, 20.0, 1e4])
def test_gradients_are_finite_where_the_squashing_saturates(parameterisation, size):
    s = torch.tensor([[size, size], [-size, size], [size, -size]], requires_grad=True)
    a, gain = to_filters(s, parameterisation=parameterisation, gain="l2")
    (a.sum() + gain.sum()).backward()
    assert torch.isfinite(a).all()
    assert torch.isfinite(s.grad).all()


def test_no_gain_is_none():
    assert to_filters(torch.zeros(1, 2), parameterisation="sigmoid", gain="none")[1] is None
    assert float(l2_gain(torch.tensor([0.6, 0.8]))) == pytest.approx(0.48)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: to_coefficients(torch.zeros(3), "sigmoid"), "orders 1 to 2, not 3"),
        (lambda: to_coefficients(torch.zeros(9), "lattice"), "orders 1 to 8, not 9"),
        (lambda: to_coefficients(torch.zeros(2), "polar"), "unknown parameterisation 'polar'"),
        (
            lambda: to_filters(torch.zeros(2), parameterisation="sigmoid", gain="dc"),
            "unknown gain 'dc'",
        ),
    ],
)
def test_errors_say_what_would_be_right(call, message):
    with pytest.raises(ValueError, match=message):
        call()
