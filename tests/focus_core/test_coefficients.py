"""Every logit gives a stable filter; gains and radii are what a textbook says."""

import itertools
import math
import typing
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch import Tensor

from focus_core.systems.focus.ablations.coefficients import (
    MAX_RADIUS,
    MAX_REFLECTION,
    pole_radius,
    step_down,
    step_up,
    to_coefficients,
    to_reflections,
)
from focus_core.systems.focus.ablations.gains import to_filters
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.orders import ORDERS as STABLE_ORDERS
from tests.narrowing import known

ORDERS = sorted(MAX_REFLECTION)
EVERY = [(name, order) for name, orders in STABLE_ORDERS.items() for order in orders]


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
def test_saturated_lattices_are_stable_after_rounding_to_float32(order: int) -> None:
    corners = torch.tensor(list(itertools.product((-1e4, 1e4), repeat=order)))
    a = to_coefficients(corners, "lattice")
    assert a.dtype == torch.float32
    assert all(is_stable_exactly(row) for row in a.tolist())


def test_negative_control_a_lattice_without_its_bound_is_not_stable() -> None:
    assert not is_stable_exactly(step_up(torch.tensor([1.0, -1.0])).tolist())


def test_sigmoid_order_2_is_stable_and_order_3_would_not_be() -> None:
    grid = torch.linspace(0.001, 0.999, 41, dtype=torch.float64)
    pairs = torch.cartesian_prod(grid, grid)
    assert pole_radius(pairs).max() < 1
    triples = random_logits(2000, 3).sigmoid()
    assert pole_radius(triples).max() > 1


@pytest.mark.parametrize("order", ORDERS)
def test_pole_radius_is_that_of_numpy_roots(order: int) -> None:
    a = to_coefficients(random_logits(20, order), "lattice")
    roots = [max(abs(np.roots([1.0, *row]))) for row in a.tolist()]
    np.testing.assert_allclose(pole_radius(a).numpy(), roots, atol=1e-6)


def test_sigmoid_is_the_papers_and_step_up_inverts_its_reflections() -> None:
    s = random_logits(7, 2)
    torch.testing.assert_close(to_coefficients(s, "sigmoid"), 1 / (1 + torch.exp(-s)))
    torch.testing.assert_close(step_up(to_reflections(s, "sigmoid")), to_coefficients(s, "sigmoid"))


def sections_of(a: Tensor, parameterisation: str) -> list[list[float]]:
    """Each section's coefficients: pairs for a cascade, whole rows for the others."""
    size = 2 if parameterisation == "cascade" else a.shape[-1]
    return a.reshape(-1, size).tolist()


@pytest.mark.parametrize(("parameterisation", "order"), EVERY)
def test_random_logits_are_stable_by_numpys_roots(parameterisation: str, order: int) -> None:
    a = to_coefficients(random_logits(60, order, scale=3.0), parameterisation)
    for row in sections_of(a, parameterisation):
        assert max(abs(np.roots([1.0, *row]))) < 1


@pytest.mark.parametrize(("parameterisation", "order"), EVERY)
def test_extreme_logits_are_stable_after_rounding_to_float32(
    parameterisation: str, order: int
) -> None:
    if parameterisation == "sigmoid":  # at its corner (1, 1) the paper's own is on the circle
        return
    levels = (-1e4, 0.0, 1e4) if order <= 4 else (-1e4, 1e4)
    corners = torch.tensor(list(itertools.product(levels, repeat=order)))
    a = to_coefficients(corners, parameterisation)
    assert all(is_stable_exactly(row) for row in sections_of(a, parameterisation))


def test_negative_control_ek_without_falling_ratios_is_not_stable() -> None:
    rising = torch.sigmoid(random_logits(200, 4)).sort(dim=-1).values
    assert pole_radius(rising).max() > 1


def test_ek_is_a_product_of_ratios() -> None:
    s = random_logits(9, 5)
    ratios = MAX_RADIUS / (1 + np.exp(-s.numpy()))
    np.testing.assert_allclose(to_coefficients(s, "ek"), np.cumprod(ratios, axis=1), rtol=1e-12)


def test_polar_has_its_poles_where_it_says() -> None:
    s = random_logits(40, 2)
    a = to_coefficients(s, "polar")
    radius, angle = MAX_RADIUS * torch.sigmoid(s[:, 0]), math.pi * torch.sigmoid(s[:, 1])
    for row, r, w in zip(a.tolist(), radius.tolist(), angle.tolist(), strict=True):
        above = max(np.roots([1.0, *row]), key=lambda root: root.imag)
        assert abs(above) == pytest.approx(r, abs=1e-7)
        assert np.angle(above) == pytest.approx(w, abs=1e-6)


def test_triangle_reaches_both_signs_and_the_sigmoid_only_one_quarter() -> None:
    """Every sign of both coefficients, low-pass and high-pass."""
    s = random_logits(2000, 2)
    quarters = {(x > 0, y > 0) for x, y in to_coefficients(s, "triangle").tolist()}
    assert len(quarters) == 4
    assert (to_coefficients(s, "sigmoid") > 0).all()


def test_an_ema_with_gain_dc_is_an_exponential_moving_average() -> None:
    s = torch.tensor([[0.3]], dtype=torch.float64)
    a, gain = to_filters(s[:, None], parameterisation="ema", gain="dc")
    rate = 1 + float(a[0, 0, 0])
    x = np.random.default_rng(0).standard_normal(50)
    average = [0.0]
    for value in x:
        average.append((1 - rate) * average[-1] + rate * value)
    y = lfilter([float(known(gain).flatten()[0])], [1, float(a.flatten()[0])], x)
    np.testing.assert_allclose(y, average[1:], atol=1e-12)


def test_a_cascade_is_triangles_one_after_the_other() -> None:
    s = random_logits(8, 6)
    a = to_coefficients(s, "cascade")
    for i in (0, 2, 4):
        torch.testing.assert_close(a[:, i : i + 2], to_coefficients(s[:, i : i + 2], "triangle"))


@pytest.mark.parametrize("order", ORDERS)
def test_step_down_inverts_step_up(order: int) -> None:
    k = 0.9 * torch.tanh(random_logits(20, order))
    torch.testing.assert_close(step_down(step_up(k)), k)


def test_the_config_knows_the_same_parameterisations() -> None:
    field = typing.get_type_hints(FocusConfig)["parameterisation"]
    assert set(typing.get_args(field)) == set(STABLE_ORDERS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: to_coefficients(torch.zeros(3), "sigmoid"), "use model.parameterisation=lat"),
        (lambda: to_coefficients(torch.zeros(9), "lattice"), "not 9$"),
        (lambda: to_coefficients(torch.zeros(2), "square"), "unknown parameterisation 'square'"),
        (lambda: to_reflections(torch.zeros(4), "cascade"), "no reflection coefficients"),
    ],
)
def test_errors_say_what_would_be_right(call: Callable[[], Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
