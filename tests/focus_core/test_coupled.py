"""Complex pole pairs: against a complex loop and scipy, stable under any change, causal exactly."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor, nn

from focus_core.config import Scalar
from focus_core.systems.focus.ablations.coefficients import MAX_RADIUS
from focus_core.systems.focus.token_wise.coupled import (
    CoupledBank,
    PolesFromInput,
    spread_logits,
    to_poles,
)
from focus_core.systems.focus.token_wise.recurrence import recur_complex
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.focus_core.arrays import Complexes, Floats
from tests.narrowing import kind, known

D, L, F = 6, 13, 2


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def bank(seed: int = 0, /, **changes: Scalar) -> CoupledBank:
    model = model_config(filter="coupled", **{"width": D, "filters": F, "theta_rank": 3} | changes)
    built = CoupledBank(model.resolved(64))
    init_weights(built, seed)
    return built.double()


def by_loop(w: Tensor, decay: Tensor, angle: Tensor) -> Complexes:
    """One complex state a row, step by step, in plain numpy."""
    a = np.exp(decay.numpy() + 1j * angle.numpy())
    state, states = np.zeros(w.shape[1], dtype=complex), []
    for t in range(len(w)):
        state = w[t].numpy() + a[t] * state
        states.append(state)
    return np.array(states)


def poles(steps: int, rows: int) -> tuple[Tensor, Tensor]:
    """Logarithms of the modulus, below 0, and angles."""
    return torch.nn.functional.logsigmoid(draw(steps, rows, seed=1)), 3 * draw(steps, rows, seed=2)


def test_the_recurrence_is_the_loop() -> None:
    w, (decay, angle) = draw(L, 5), poles(L, 5)
    u, v = recur_complex(w, decay, angle)
    expected = by_loop(w, decay, angle)
    np.testing.assert_allclose(u, expected.real, atol=1e-13)
    np.testing.assert_allclose(v, expected.imag, atol=1e-13)


def test_with_a_fixed_pole_it_is_scipys_filter() -> None:
    w, (decay, angle) = draw(L, 1), poles(1, 1)
    pole = np.exp(float(decay) + 1j * float(angle))
    expected = signal.lfilter([1.0], [1.0, -pole], w[:, 0].numpy())
    u, v = recur_complex(w, decay.expand(L, 1), angle.expand(L, 1))
    np.testing.assert_allclose(torch.complex(u, v)[:, 0], expected, atol=1e-13)


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_its_gradients(steps: int) -> None:
    inputs = [t.requires_grad_() for t in (draw(steps, 3), *poles(steps, 3))]
    assert torch.autograd.gradcheck(recur_complex, inputs)


def test_it_saves_four_tensors_for_its_backward_and_none_a_step() -> None:
    kept = []
    inputs = [t.requires_grad_() for t in (draw(400, 3), *poles(400, 3))]

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        recur_complex(*inputs)
    assert kept == [1200] * 4


@pytest.mark.parametrize("seed", range(3))
def test_without_input_no_change_of_the_poles_makes_the_state_grow(seed: int) -> None:
    """Poles of the largest radius, whose angle changes at every step."""
    w, angle = torch.zeros(4000, 8, dtype=torch.float64), 9 * draw(4000, 8, seed=seed)
    w[0] = 1
    u, v = recur_complex(w, torch.full_like(angle, math.log(MAX_RADIUS)), angle)
    size = torch.hypot(u, v)
    assert (size[1:] <= size[:-1] * (1 + 1e-12)).all()


def test_negative_control_the_direct_form_of_stable_filters_can_grow() -> None:
    """Two stable resonators of order 2, taken in turn at every step."""
    switched = [(-1.8, 0.9), (1.8, 0.9)]
    y = [1.0, 1.0]
    for t in range(200):
        a1, a2 = switched[t % 2]
        y.append(-a1 * y[-1] - a2 * y[-2])
    assert abs(y[-1]) > 1e10


def by_definition(built: CoupledBank, x_BLD: Tensor) -> Floats:
    """s[t] = r e^{jw} s[t-1] + sqrt(1 - r^2) x[t], channel by channel, and the mix of its parts."""
    s = built.logits(x_BLD.transpose(0, 1))
    decay, angle = to_poles(s)
    r = np.exp(decay.detach().numpy())
    w = np.zeros_like(r) if angle is None else angle.detach().numpy()
    B, length, width = x_BLD.shape
    y, x, mix = np.zeros((B, length, width)), x_BLD.numpy(), built.mix_FDI.detach().numpy()
    for b, f, d in np.ndindex(B, len(mix), width):
        state = 0j
        for t in range(length):
            step = min(t // built.bin_length, len(r) - 1)
            at = (step, min(b, r.shape[1] - 1), f, d)
            pole = r[at] * np.exp(1j * w[at])
            state = pole * state + math.sqrt(1 - r[at] ** 2) * x[b, t, d]
            parts = (state.real, state.imag)[: mix.shape[2]]
            y[b, t, d] += np.dot(parts, mix[f, d])
    return y


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"theta_rank": None},
        {"theta": "static"},
        {"theta": "bin", "bin_length": 1},
        {"theta": "bin", "bin_length": 4},
        {"theta": "bin", "bin_length": 32},
        {"filters": 1},
        {"poles": "real"},
        {"poles": "real", "theta": "bin", "bin_length": 4},
        {"poles": "real", "theta": "static"},
    ],
    ids=str,
)
def test_the_bank_is_its_definition(changes: dict[str, Scalar]) -> None:
    built, x = bank(**changes), draw(2, L, D)
    y = built(x, None).detach()
    np.testing.assert_allclose(y, by_definition(built, x), atol=1e-12)


@pytest.mark.parametrize(
    "changes", [{}, {"theta": "bin", "bin_length": 2}, {"theta": "static"}, {"poles": "real"}]
)
def test_gradients_of_the_whole_bank(changes: dict[str, Scalar]) -> None:
    built = bank(width=2, theta_rank=1, **changes)
    parameters = dict(built.named_parameters())

    def run(x_BLD: Tensor, *values: Tensor) -> Any:
        named = dict(zip(parameters, values, strict=True))
        return torch.func.functional_call(built, named, (x_BLD, None))

    inputs = (draw(2, 5, 2).requires_grad_(), *parameters.values())
    assert torch.autograd.gradcheck(run, inputs)


@pytest.mark.parametrize("bin_length", [1, 4, 5])
def test_a_bins_poles_come_from_the_mean_of_the_bin_before(bin_length: int) -> None:
    model = model_config(filter="coupled", theta="bin", bin_length=bin_length, width=D).resolved()
    logits = PolesFromInput(model)
    init_weights(logits, 0)
    logits = logits.double()
    x_LBD = draw(L, 2, D)
    s_TBIFD = logits(x_LBD)
    assert len(s_TBIFD) == math.ceil(L / bin_length)
    for n in range(len(s_TBIFD)):
        start = (n - 1) * bin_length
        before = x_LBD[start : start + bin_length].mean(dim=0) if n else torch.zeros_like(x_LBD[0])
        expected = logits.up(logits.down(before)).view(2, 2, 1, D)
        torch.testing.assert_close(s_TBIFD[n], expected)


@pytest.mark.parametrize(("theta", "reach"), [("token", 0), ("bin", 1)])
def test_what_a_tokens_poles_depend_on(theta: str, reach: int) -> None:
    """Theta of a token sees the token itself; Theta of a bin only the bin before: both causal."""
    built, x = bank(theta=theta, bin_length=1), draw(L, 1, D)
    changed = x.clone()
    changed[5] += 1
    moved = (built.logits(changed) - built.logits(x)).abs().amax(dim=(1, 2, 3, 4))
    assert (moved > 0).nonzero().flatten().tolist() == [5 + reach]


def test_time_constants_are_spread_over_channels() -> None:
    model = model_config(filter="coupled", width=64, filters=2, time_min=1.5, time_max=30.0)
    decay, w = to_poles(spread_logits(model)[None, None])
    tau = (-1 / decay[0, 0]).sort(dim=1).values
    torch.testing.assert_close(tau[:, 0], torch.full((2,), 1.5), rtol=1e-3, atol=0)
    torch.testing.assert_close(tau[:, -1], torch.full((2,), 30.0), rtol=1e-3, atol=0)
    torch.testing.assert_close(
        tau[:, 1:] / tau[:, :-1], torch.full((2, 63), 20 ** (1 / 63)), rtol=1e-2, atol=0
    )
    assert (
        torch.histc(known(w), 8, 0, math.pi).min() > 10
    )  # of 128 / 8: no part of the circle is empty
    assert not torch.equal(decay[0, 0, 0], decay[0, 0, 1])  # a bank's filters start apart


def test_a_static_twin_starts_where_the_adaptive_bank_stands_without_input() -> None:
    zero = torch.zeros(1, 1, D, dtype=torch.float64)
    adaptive, static = bank(), bank(theta="static")
    torch.testing.assert_close(adaptive.logits(zero), static.logits(zero))
    torch.testing.assert_close(adaptive.mix_FDI, static.mix_FDI)


@pytest.mark.parametrize("size", [0.0, 1e4])
def test_gradients_are_finite_where_the_poles_saturate(size: float) -> None:
    built = bank().float()
    x = draw(2, L, D).float()
    with torch.no_grad():
        kind(nn.Linear, built.logits.up).bias.fill_(size)
    built(x, None).square().sum().backward()
    assert all(torch.isfinite(known(p.grad)).all() for p in built.parameters())


def test_half_precision_comes_back_in_half_precision() -> None:
    built = bank().bfloat16()
    x = draw(1, L, D).bfloat16()
    assert built(x, None).dtype == torch.bfloat16
    assert built.step(x[:, 0], None, built.initial_state(1))[0].dtype == torch.bfloat16
