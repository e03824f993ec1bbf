"""The mixers that convolve: state spaces against their recurrences, Hyena against a direct sum."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from focus_core.layers.short_conv import ShortConv
from focus_core.systems.hyena.mixer import ImplicitFilter
from focus_core.systems.state_space.kernels import DiagonalKernel, LowRankKernel, legs
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.focus_core.arrays import Floats, Numbers
from tests.focus_core.causality import influence, small_config, small_net
from tests.focus_core.test_attention import draw
from tests.focus_core.test_mixers_attention import build


def kernel(
    kind: type[DiagonalKernel] | type[LowRankKernel],
    width: int = 3,
    state_size: int = 8,
    max_length: int = 40,
) -> DiagonalKernel | LowRankKernel:
    module = kind(
        model_config(mixer="s4", width=width, state_size=state_size).resolved(), max_length
    )
    init_weights(module, 0)
    return module.double()


def low_rank_kernel() -> LowRankKernel:
    found = kernel(LowRankKernel)
    assert isinstance(found, LowRankKernel)
    return found


def hippo(size: int) -> tuple[Floats, Floats]:
    """A and B of HiPPO-LegS, entry by entry."""
    A = np.zeros((size, size))
    for n in range(size):
        for k in range(n):
            A[n, k] = -math.sqrt((2 * n + 1) * (2 * k + 1))
        A[n, n] = -(n + 1)
    return A, np.sqrt(2 * np.arange(size) + 1)


def impulse(A: Numbers, B: Numbers, C: Numbers, step: float, length: int) -> NDArray[Any]:
    """C A'^t B' of the bilinear discretisation, one step after another."""
    one = np.eye(len(A))
    inverse = np.linalg.inv(one - step / 2 * A)
    state, taps = step * inverse @ B, []
    for _ in range(length):
        taps.append(C @ state)
        state = inverse @ (one + step / 2 * A) @ state
    return np.array(taps)


def test_s4_starts_from_hippo() -> None:
    """Its kernel is that of the real matrix, whatever basis it is computed in."""
    found = low_rank_kernel()
    A, B = hippo(8)
    turn_S, P_S, _ = (t.numpy() for t in legs(4))
    assert turn_S.min() > 0
    normal = A + np.outer(np.sqrt(np.arange(8) + 0.5), np.sqrt(np.arange(8) + 0.5))
    eigenvalues, V = np.linalg.eig(normal)
    order = np.argsort(-eigenvalues.imag)[:4][::-1]
    np.testing.assert_allclose(eigenvalues[order], -0.5 + 1j * turn_S, atol=1e-12)
    V = V[:, order]
    # eigenvectors are unique up to a phase each: take the phase that legs() took
    P = V.conj().T @ np.sqrt(np.arange(8) + 0.5)
    V = V * (P / P_S)
    C = draw(3, 8).numpy()
    with torch.no_grad():
        found.B_S2.copy_(torch.view_as_real(torch.tensor(V.conj().T @ B)))  # it starts clipped
        found.C_DS2.copy_(torch.view_as_real(torch.tensor(C @ V)))
    steps = found.log_step_D.detach().exp().numpy()
    expected = [impulse(A, B, c, s, 40) for c, s in zip(C, steps, strict=True)]
    np.testing.assert_allclose(found(40).detach(), expected, atol=1e-8)


def test_s4_is_its_recurrence_after_training_too() -> None:
    found = low_rank_kernel()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.5)
    poles = found.poles().detach().numpy()
    halves = {"P": found.P_S2, "B": found.B_S2, "C": found.C_DS2}
    pair = {}
    for name, parts in halves.items():
        half = torch.view_as_complex(parts.detach()).numpy()
        pair[name] = np.concatenate((half, half.conj()), axis=-1)
    A = np.diag(np.concatenate((poles, poles.conj()))) - np.outer(pair["P"], pair["P"].conj())
    assert np.linalg.eigvals(A).real.max() < 0
    steps = found.log_step_D.detach().exp().numpy()
    expected = [impulse(A, pair["B"], c, s, 40) for c, s in zip(pair["C"], steps, strict=True)]
    assert np.abs(np.imag(expected)).max() < 1e-12
    np.testing.assert_allclose(found(40).detach(), np.real(expected), atol=1e-8)
    diagonal = [impulse(np.diag(np.diag(A)), pair["B"], pair["C"][0], steps[0], 40)]
    assert np.abs(found(40).detach()[0].numpy() - np.real(diagonal)).max() > 1e-3


def test_s4d_is_its_recurrence() -> None:
    found = kernel(DiagonalKernel)
    poles = found.poles().detach().numpy()
    np.testing.assert_allclose(poles, -0.5 + 1j * math.pi * np.arange(4), atol=1e-6)
    C = torch.view_as_complex(found.C_DS2.detach()).numpy()
    for d, step in enumerate(found.log_step_D.detach().exp().numpy()):
        state, taps = (np.exp(step * poles) - 1) / poles, []
        for _ in range(40):
            taps.append(2 * (C[d] @ state).real)
            state = np.exp(step * poles) * state
        np.testing.assert_allclose(found(40)[d].detach(), taps, atol=1e-12)


@pytest.mark.parametrize("kind", [DiagonalKernel, LowRankKernel])
def test_a_shorter_kernel_is_the_start_of_a_longer_one(
    kind: type[DiagonalKernel] | type[LowRankKernel],
) -> None:
    found = kernel(kind)
    torch.testing.assert_close(found(17), found(40)[:, :17], atol=1e-13, rtol=0)
    torch.testing.assert_close(found(90)[:, :40], found(40), atol=1e-8, rtol=0)


@pytest.mark.parametrize("kind", [DiagonalKernel, LowRankKernel])
def test_slices_give_the_same_kernel_and_the_same_gradients(
    kind: type[DiagonalKernel] | type[LowRankKernel], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, sliced = kernel(kind), kernel(kind)
    whole(40).square().sum().backward()
    monkeypatch.setattr("focus_core.systems.state_space.kernels.MOST_NUMBERS", 150)
    sliced(40).square().sum().backward()
    torch.testing.assert_close(sliced(40), whole(40), atol=1e-12, rtol=1e-12)
    for one, other in zip(whole.parameters(), sliced.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-9, rtol=1e-9)


def test_s4_of_a_long_sequence_in_single_precision_is_finite_and_right() -> None:
    found = kernel(LowRankKernel, width=2, state_size=16, max_length=2048)
    single = kernel(LowRankKernel, width=2, state_size=16, max_length=2048).float()
    taps = found(2048).detach()
    assert torch.isfinite(taps).all()
    assert (single(2048) - taps).abs().max() < 1e-3 * taps.abs().max()


@pytest.mark.parametrize("mixer", ["s4", "s4d"])
def test_state_space_mixer_is_a_direct_convolution(mixer: str) -> None:
    module = build(mixer, width=4, state_size=4)
    x = draw(2, 11, 4)
    with torch.no_grad():
        h, k = module.norm(x), module.kernel(11)
        y = torch.zeros_like(h)
        for t in range(11):
            for s in range(t + 1):
                y[:, t] += k[:, t - s] * h[:, s]
        a, b = module.out(functional.gelu(y + module.skip_D * h)).chunk(2, dim=-1)
        torch.testing.assert_close(module(x, None), x + a * torch.sigmoid(b), atol=1e-10, rtol=0)


def written_out_filter(f: ImplicitFilter, length: int) -> Floats:
    """Hyena's taps, one position after another."""
    p = {name: value.detach().numpy() for name, value in f.named_parameters()}
    D, bands = len(p["out.weight"]), (f.features - 1) // 2
    rows = []
    for step in range(length):
        t = step / (f.max_length - 1)
        angle = 2 * math.pi * step / f.max_length * np.linspace(1e-4, bands - 1, bands)
        h = np.concatenate(([t], np.cos(angle), -np.sin(angle)))
        for i in range(3):
            h = np.sin(p["frequency_W"] * (p[f"layers.{i}.weight"] @ h + p[f"layers.{i}.bias"]))
        decay = np.linspace(math.log(0.01) / 1.5, math.log(0.01) / 0.3, D)
        rows.append(p["out.weight"] @ h * np.exp(decay * t))
    return np.array(rows)


def test_hyena_is_its_equations() -> None:
    module = build("hyena", width=4, implicit_width=6, implicit_features=7)
    x = draw(2, 11, 4)
    h = torch.tensor(written_out_filter(module.filter, 11))
    with torch.no_grad():
        u = functional.pad(module.into(module.norm(x)), (0, 0, 2, 0))
        taps, bias = module.short.taps_DJ, module.short.bias_D
        short = bias + sum(taps[:, j] * u[:, 2 - j : 13 - j] for j in range(3))
        first, second, v = short.chunk(3, dim=-1)
        v = second * v
        y = module.skip_D * v
        for t in range(11):
            for s in range(t + 1):
                y[:, t] += h[t - s] * v[:, s]
        torch.testing.assert_close(module(x, None), x + module.out(first * y), atol=1e-12, rtol=0)


def test_hyenas_windows_fall_to_a_hundredth_in_the_published_times() -> None:
    module = build("hyena", length=301, width=4).filter
    decay = module._decays().detach().numpy()
    np.testing.assert_allclose(np.exp(-decay[[0, -1]] * np.array([1.5, 0.3])), 0.01)


def test_hyena_refuses_more_than_it_was_built_for() -> None:
    net = small_net(small_config("hyena"))
    with pytest.raises(ValueError, match="max_length=25 or more, not 24"):
        net(torch.zeros(1, 25, dtype=torch.int64))


def test_short_conv_is_numpys_convolution() -> None:
    module = ShortConv(3, 4)
    init_weights(module, 0)
    x = draw(1, 9, 3)
    y = module.double()(x)[0].detach().numpy()
    for d in range(3):
        expected = np.convolve(x[0, :, d], module.taps_DJ[d].detach())[:9]
        np.testing.assert_allclose(y[:, d], expected, atol=1e-14)
        assert np.abs(y[:, d] - np.convolve(x[0, :, d], module.taps_DJ[d].detach())[3:]).max() > 0.1


@pytest.mark.parametrize("variant", ["short_conv", "short_conv_filter"])
def test_short_convolutions_hear_three_tokens_back_a_layer(variant: str) -> None:
    J = influence(small_net(small_config(variant, chunk_length=1)))
    age = torch.arange(24)[:, None] - torch.arange(24)
    assert J[age > 6].max() == 0
    assert J[(age >= 0) & (age <= 6)].min() > 0
