"""Taps from two tables of powers: against recurrences in longer numbers, and their gradients."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from focus_core.layers.ema import DampedEMA
from focus_core.layers.short_conv import ShortConv
from focus_core.layers.tables import table_sizes
from focus_core.systems.state_space.kernels import DiagonalKernel, LowRankKernel
from focus_core.systems.state_space.powers import (
    LowRankStep,
    diagonal_taps,
    low_rank_taps,
    orbit,
    powers,
    reciprocal,
)
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.focus_core.test_attention import draw

Long = NDArray[Any]

KINDS = pytest.mark.parametrize("kind", [DiagonalKernel, LowRankKernel])
STARTS = pytest.mark.parametrize("start", ["first", "trained", "slow"])
LENGTH = 2048


def kernel(kind: type[DiagonalKernel], start: str, length: int = LENGTH) -> DiagonalKernel:
    """64 states, and step sizes over the whole range of the start.

    Args:
        kind: S4D or S4.
        start: the initial parameters, parameters far from them, or poles beside the unit circle.
        length: the longest sequence.
    """
    module = kind(model_config(mixer="s4", width=4, state_size=64).resolved(), length)
    init_weights(module, 0)
    module = module.double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        module.log_step_D.copy_(torch.linspace(math.log(0.001), math.log(0.1), 4))
        for parameter in module.parameters() if start == "trained" else ():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.5)
        if start == "slow":
            module.log_decay_S.fill_(math.log(1e-4))
            if isinstance(module, LowRankKernel):
                module.P_S2.mul_(1e-3)
    return module


def recurrence(module: DiagonalKernel, length: int) -> Long:
    """The taps, one step after another, in numpy's longest floats."""

    def long(t: Tensor) -> Long:
        found: Long = t.detach().numpy().astype(np.longdouble)
        return found

    def both(t: Tensor) -> Long:
        half = long(t)[..., 0] + 1j * long(t)[..., 1]
        return np.concatenate((half, half.conj()), axis=-1)

    half = -np.exp(long(module.log_decay_S)) + 1j * long(module.turn_S)
    poles, C = np.concatenate((half, half.conj())), both(module.C_DS2)
    step = np.exp(long(module.log_step_D))[:, None]
    if isinstance(module, LowRankKernel):
        P, B = both(module.P_S2), both(module.B_S2)

        def solved(x: Long) -> Long:
            """(1 - step / 2 A)^-1 x, by the formula of Sherman and Morrison."""
            plain, low = x / (1 - step / 2 * poles), P / (1 - step / 2 * poles)
            share = (plain * P.conj()).sum(-1) / (2 / step[:, 0] + (low * P.conj()).sum(-1))
            found: Long = plain - share[:, None] * low
            return found

        x = solved(step * B)
        return _taps(C, x, lambda x: 2 * solved(x) - x, length)
    q = np.exp(step * poles)
    return _taps(C, (q - 1) / poles, lambda x: q * x, length)


def _taps(C: Long, x: Long, advance: Callable[[Long], Long], length: int) -> Long:
    taps: list[Long] = []
    for _ in range(length):
        taps.append((C * x).sum(axis=-1).real)
        x = advance(x)
    return np.stack(taps, axis=1)


def distance(found: Tensor, expected: Long) -> float:
    """The largest error, in shares of the channel's largest tap."""
    largest = np.abs(expected).max(axis=1, keepdims=True)
    return float((np.abs(found.detach().numpy() - expected) / largest).max())


@KINDS
@STARTS
def test_taps_are_those_of_a_recurrence_in_longer_numbers(
    kind: type[DiagonalKernel], start: str
) -> None:
    module = kernel(kind, start)
    expected = recurrence(module, LENGTH)
    assert distance(module(LENGTH), expected) < 1e-11
    short = LENGTH // 8
    assert distance(kernel(kind, start, short)(short), expected[:, :short]) < 1e-11


@KINDS
def test_negative_control_a_step_size_that_is_off_by_1e_8_is_seen(
    kind: type[DiagonalKernel],
) -> None:
    module = kernel(kind, "first")
    expected = recurrence(module, LENGTH)
    with torch.no_grad():
        module.log_step_D.add_(1e-8)
    assert distance(module(LENGTH), expected) > 1e-9


@KINDS
def test_gradients_of_the_kernels(kind: type[DiagonalKernel]) -> None:
    module = kind(model_config(mixer="s4", width=2, state_size=4).resolved(), 21).double()
    init_weights(module, 0)
    names, values = zip(*module.named_parameters(), strict=True)

    def taps(*values: Tensor) -> Tensor:
        found = torch.func.functional_call(module, dict(zip(names, values, strict=True)), (21,))
        assert isinstance(found, Tensor)
        return found

    assert torch.autograd.gradcheck(taps, values, atol=1e-7)


def complex_draw(*shape: int, seed: int) -> Tensor:
    return torch.complex(draw(*shape, seed=seed), draw(*shape, seed=seed + 100))


@pytest.mark.parametrize("sizes", [(1, 1), (1, 5), (4, 1), (4, 5), (8, 3)])
def test_any_sizes_of_the_tables_give_the_powers_of_the_dense_matrix(
    sizes: tuple[int, int],
) -> None:
    q, u, v, b, c = (complex_draw(2, 3, seed=seed) for seed in range(5))
    q, u, v = 0.5 * q, 0.3 * u, 0.3 * v
    for low in (0, 1):
        step = LowRankStep(q, low * u, v, b)
        found = low_rank_taps(c, step, sizes)
        for d in range(2):
            Q, U, V, B, C = (torch.cat((t[d], t[d].conj())).numpy() for t in (q, u, v, b, c))
            A = np.diag(Q) - low * np.outer(U, V)
            expected = [C @ np.linalg.matrix_power(A, t) @ B for t in range(math.prod(sizes))]
            np.testing.assert_allclose(found[d], np.real(expected), atol=1e-12)
            assert np.abs(np.imag(expected)).max() < 1e-12
    diagonal = diagonal_taps(c * b, q, sizes)
    torch.testing.assert_close(diagonal, low_rank_taps(c, LowRankStep(q, 0 * u, v, b), sizes))
    if math.prod(sizes) > 1:
        assert (found - diagonal).abs().max() > 1e-2


@pytest.mark.parametrize("steps", [1, 2, 5, 8])
def test_gradients_of_powers_orbits_and_reciprocals(steps: int) -> None:
    q = complex_draw(2, 3, seed=0).requires_grad_()
    q.data[0, 0] = 0
    assert torch.autograd.gradcheck(lambda q: powers(q, steps), q)
    A, x = draw(2, 3, 3).requires_grad_(), draw(2, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda A, x: orbit(A, x, steps), (A, x))
    assert torch.autograd.gradcheck(reciprocal, (0.3 * draw(2, steps)).requires_grad_())


def test_a_reciprocal_times_its_series_is_one() -> None:
    taps = draw(2, 9)
    product = [np.convolve(np.r_[1, t], f)[:9] for t, f in zip(taps, reciprocal(taps), strict=True)]
    np.testing.assert_allclose(product, [[1] + [0] * 8] * 2, atol=1e-11)


@pytest.mark.parametrize("longest", [1, 2, 3, 52, 64, 1000, 4096])
def test_tables_reach_every_length_and_the_first_ignores_it(longest: int) -> None:
    for length in range(1, longest + 1, 1 + longest // 7):
        M, N = table_sizes(length, longest)
        assert M * (N - 1) < length <= M * N
        assert table_sizes(longest, longest)[0] == M < 2 * math.sqrt(2 * longest)
    assert table_sizes(longest, longest, 5)[0] <= 4


@pytest.mark.parametrize("length", [1, 2, 13, 300])
def test_an_averages_kernel_is_a_sum_of_powers(length: int) -> None:
    ema = DampedEMA(3, 4)
    init_weights(ema, 0)
    delta, alpha, beta, gamma, _ = (t.detach().double() for t in ema.parameters())
    p = torch.sigmoid(delta)
    q, weight = 1 - p * torch.sigmoid(alpha), p * beta * gamma / 2
    expected = torch.stack([(weight * q**t).sum(dim=1) for t in range(length)], dim=1)
    assert (ema.kernel(length) - expected).abs().max() < 1e-6
    assert (ema.double().kernel(length) - expected).abs().max() < 1e-13
    assert length == 1 or (ema.kernel(length) - expected.flip(1)).abs().max() > 1e-3


@pytest.mark.parametrize("length", [1, 2, 9])
def test_a_short_convolution_has_the_values_and_gradients_of_torchs(length: int) -> None:
    """Also where it has more taps than there are steps."""
    module = ShortConv(3, 4).double()
    init_weights(module, 0)
    module.bias_D.data = draw(3, seed=2)
    x, away = draw(2, length, 3).requires_grad_(), draw(2, length, 3, seed=1)
    known = torch.nn.functional.conv1d(
        torch.nn.functional.pad(x.mT, (3, 0)), module.taps_DJ.flip(1)[:, None], module.bias_D,
        groups=3,
    ).mT  # fmt: skip
    wanted = (x, module.taps_DJ, module.bias_D)
    torch.testing.assert_close(module(x), known)
    found = torch.autograd.grad(module(x), wanted, away)
    for one, other in zip(found, torch.autograd.grad(known, wanted, away), strict=True):
        torch.testing.assert_close(one, other)
    assert (module(x) - known.flip(2)).abs().max() > 0.1
