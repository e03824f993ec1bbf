"""What is told before a sweep starts, and whether carried filters really grow where it says so."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from focus_core.config import Scalar, TrialConfig
from focus_core.systems.focus.ablations.coefficients import section_order, to_coefficients
from focus_core.systems.focus.ablations.realisations import filter_bins
from focus_core.systems.focus.orders import ORDERS, may_grow
from focus_core.systems.focus.promises import SHORT_BIN
from tests.focus_core.arrays import Floats

FEW = ("model.chunk_length", "use 8 or more")
CARRY = ("model.carry", "use 16 or more", "parameterisation=ek", "filter=coupled")
SHORT = {"carry": True, "bin_length": 8}


def told(**changes: Scalar) -> tuple[str, ...]:
    """The cautions of the default trial with these fields of its model, and this length."""
    task: dict[str, Scalar] = {"task.length": changes.pop("length", 64), "task.gap": 1}
    return TrialConfig().override(task | {f"model.{k}": v for k, v in changes.items()}).cautions()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chunk_length": 4}, FEW),
        ({"chunk_length": 1, "sliding": True}, FEW),
        ({"chunk_length": 4, "mixer": "mega"}, FEW),
        ({"chunk_length": 4, "mixer": "transformer_xl"}, FEW),
        ({"mode": "paper", "chunks": 16}, (*FEW, "model.chunk_length = 4 ")),
        (SHORT, (*CARRY, "model.bin_length = 8 ")),
        ({"carry": True, "bin_length": 1}, CARRY),
        ({"mode": "paper", "carry": True, "bins": 8}, CARRY),
        (SHORT | {"parameterisation": "lattice", "order": 8}, CARRY),
        (SHORT | {"parameterisation": "triangle"}, CARRY),
        (SHORT | {"parameterisation": "polar", "gain": "peak"}, CARRY),
        (SHORT | {"parameterisation": "cascade", "order": 4}, CARRY),
        (SHORT | {"filter": "static", "static_per": "bin"}, CARRY),
    ],
)
def test_what_is_hardly_wanted_is_told_in_one_line(
    changes: dict[str, Scalar], words: tuple[str, ...]
) -> None:
    (caution,) = told(**changes)
    assert len(caution.splitlines()) == 1
    assert all(word in caution for word in words)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"chunk_length": 8},
        {"chunk_length": 2, "attention": "none"},
        {"chunk_length": 2, "mixer": "flash_transformer"},  # which reads no chunk
        {"chunk_length": 2, "mixer": "s4"},
        {"chunk_length": 2, "length": 6, "bin_length": 2},
        {"bin_length": 8},
        {"carry": True},
        {"carry": True, "bin_length": 32, "parameterisation": "lattice"},
        {"carry": True, "bin_length": 4, "length": 4, "chunk_length": 4},  # one bin
        SHORT | {"order": 1},
        SHORT | {"parameterisation": "lattice", "order": 1},
        SHORT | {"parameterisation": "ema", "order": 1},
        SHORT | {"parameterisation": "ek", "order": 8},
        SHORT | {"filter": "static"},  # one filter all along
        SHORT | {"filter": "coupled", "theta": "bin"},
        SHORT | {"filter": "none"},
        SHORT | {"mixer": "mega"},
    ],
)
def test_what_is_as_usual_is_not(changes: dict[str, Scalar]) -> None:
    assert told(**changes) == ()


def test_both_are_told_and_neither_is_part_of_the_identity() -> None:
    changes = {"model.carry": True, "model.bin_length": 4, "model.chunk_length": 2}
    trial = TrialConfig().override(changes)
    assert len(trial.cautions()) == 2
    assert trial.trial_id == "4700b8a1fab3"


# What the cautions claim, measured: the largest factor a token by which the state of a filter grows
# over products of its companion matrices, in numpy.


def growth(parameterisation: str, order: int, bin_length: int, longest: int = 4) -> float:
    """The largest growth found over periodic sequences of up to ``longest`` filters."""
    draws = np.random.default_rng(0)
    section = section_order(parameterisation, order)
    logits = draws.choice([-1, 1], size=(40, order)) * draws.choice([1, 2, 9], size=(40, order))
    a = to_coefficients(torch.tensor(logits, dtype=torch.float64), parameterisation)
    bins = np.linalg.matrix_power(companions(a.numpy()[:, :section]), bin_length)
    rates = []
    for count in range(1, longest + 1):
        product = np.eye(section)
        for picked in draws.integers(len(bins), size=(count, 4000)):
            product = bins[picked] @ product
        radius = np.abs(np.linalg.eigvals(product)).max(axis=-1)
        rates.append(radius.max() ** (1 / (count * bin_length)))
    return float(max(rates))


def companions(a: Floats) -> Floats:
    """The matrices that take the past outputs one step on."""
    found = np.zeros((*a.shape, a.shape[1]))
    found[:, 0] = -a
    found[:, range(1, a.shape[1]), range(a.shape[1] - 1)] = 1
    return found


@pytest.mark.parametrize(
    ("parameterisation", "order"), [(name, order) for name in ORDERS for order in ORDERS[name]]
)
def test_carried_filters_grow_exactly_where_it_is_said(parameterisation: str, order: int) -> None:
    rates = [growth(parameterisation, order, bin_length) for bin_length in (1, 2, 8)]
    if may_grow(parameterisation, order):
        assert min(rates) > 1.01
    else:
        assert max(rates) < 1


@pytest.mark.parametrize(
    ("parameterisation", "found"),
    [("sigmoid", [1.26, 1.017, 1.013, 1.002]), ("lattice", [2.41, 1.41, 1.23, 1.04])],
)
def test_longer_bins_grow_slower_and_are_not_safe(
    parameterisation: str, found: list[float]
) -> None:
    """The figures beside ``SHORT_BIN``."""
    rates = [growth(parameterisation, 2, bin_length) for bin_length in (1, 8, SHORT_BIN, 64)]
    assert rates == pytest.approx(found, abs=0.005)


def test_a_lattice_is_carried_as_past_outputs_too_and_grows_faster() -> None:
    """It is a parameterisation here, not the normalised lattice whose state cannot grow."""
    assert growth("sigmoid", 2, 8) < 1.05
    assert growth("lattice", 2, 8) > 1.2


def carried(a: Sequence[Sequence[float]], bin_length: int, *, carry: bool = True) -> float:
    """The largest output over the last bin, after a single 1, of filters a (N, P) bin by bin."""
    x_BNRD = torch.zeros(1, len(a), bin_length, 1, dtype=torch.float64)
    x_BNRD[0, 0, 0] = 1
    a_BNDFP = torch.tensor(a, dtype=torch.float64)[None, :, None, None]
    return float(
        filter_bins(x_BNRD, a_BNDFP, realisation="recurrence", carry=carry)[0, -1].abs().max()
    )


@pytest.mark.parametrize("bin_length", [1, 2])
def test_a_carried_sigmoid_bank_of_order_2_can_blow_up(bin_length: int) -> None:
    """The layer itself, each of its filters stable, without a gain, after a single 1."""
    a = worst(bin_length) * 100
    assert all(np.abs(np.roots([1, *each])).max() < 1 for each in a)
    assert carried(a, bin_length) > 1e6
    for each in set(a):  # negative controls: any of them alone, and the same ones without carry
        assert carried([each] * len(a), bin_length) < 1
    assert carried(a, bin_length, carry=False) == 0


def worst(bin_length: int) -> tuple[tuple[float, ...], ...]:
    """Two or three filters in turn whose product grows most, of a grid over sigmoids of logits."""
    grid = list(itertools.product((0.01, 0.4, 0.7, 0.99), repeat=2))
    several = [c for count in (2, 3) for c in itertools.product(grid, repeat=count)]
    return max(several, key=lambda chosen: rate(chosen, bin_length))


def rate(chosen: tuple[tuple[float, ...], ...], bin_length: int) -> float:
    bins = np.linalg.matrix_power(companions(np.array(chosen)), bin_length)
    product = np.linalg.multi_dot(bins[::-1])
    return float(np.abs(np.linalg.eigvals(product)).max() ** (1 / len(chosen)))


@pytest.mark.parametrize("order", [2, 3, 8])
def test_falling_coefficients_never_enlarge_a_sum_of_past_outputs(order: int) -> None:
    """The proof in ``may_grow`` step by step, for coefficients that change at every token.

    One step is linear in the coefficients, so the corners of their set are enough.
    """
    draws = np.random.default_rng(0)
    corners = np.tril(np.ones((order + 1, order)), -1)  # (0 ... 0), (1, 0 ...), ... (1 ... 1)
    past = draws.normal(size=order)
    limit = largest_sum(past)
    for _ in range(2000):
        a = corners[draws.integers(order + 1)]
        past = np.concatenate(([-a @ past], past[:-1]))
        assert largest_sum(past) <= limit + 1e-9
        limit = largest_sum(past)
    past = draws.normal(size=2)  # negative control: (0, 1) does not fall
    before = np.array([1.0, -1.0])
    assert largest_sum(companions(np.array([[0.0, 1.0]]))[0] @ before) > largest_sum(before)


def largest_sum(past: Floats) -> float:
    """Of neighbours, in absolute value."""
    sums = np.concatenate(([0.0], np.cumsum(past)))
    return float(max(sums) - min(sums))
