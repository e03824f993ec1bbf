"""The hypernetwork's convolution: what it computes, against numpy's."""

import math

import numpy as np
import pytest
import torch

from focus_core.layers.convolution import convolve
from focus_core.systems.focus.choice import chosen
from focus_core.systems.focus.hypernetwork import GlobalConv, squash
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.focus_core.test_hypernetwork import config, draw, started
from tests.narrowing import kind, known


@pytest.mark.parametrize("taps", [1, 5, 13])
def test_convolution_is_the_direct_one(taps: int) -> None:
    x, kernel = draw(3, 2, 13), draw(2, taps, seed=1)
    expected = [[np.convolve(x[b, d], kernel[d])[:13] for d in range(2)] for b in range(3)]
    np.testing.assert_allclose(convolve(x, kernel), expected, atol=1e-13)


def test_circular_convolution_wraps() -> None:
    x, kernel = draw(1, 1, 12), draw(1, 12, seed=1)
    lags = (np.arange(12)[:, None] - np.arange(12)) % 12
    expected = kernel[0].numpy()[lags] @ x[0, 0].numpy()
    np.testing.assert_allclose(convolve(x, kernel, circular=True)[0, 0], expected, atol=1e-13)


@pytest.mark.parametrize("circular", [False, True])
def test_convolution_gradients(circular: bool) -> None:
    x, kernel = draw(2, 3, 6).requires_grad_(), draw(3, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, k: convolve(x, k, circular=circular), (x, kernel))


def test_a_kernel_longer_than_the_input_is_refused() -> None:
    with pytest.raises(ValueError, match="7 taps is longer than the 6 steps"):
        convolve(draw(1, 1, 6), draw(1, 7))


def test_global_conv_is_its_formula() -> None:
    conv = started(GlobalConv(config(), max_length=20))
    x = draw(2, 15, 6)
    kernel = conv.kernel.detach().numpy()[:, :15]
    kernel = np.sign(kernel) * np.maximum(np.abs(kernel) - 0.003, 0)
    skip = conv.skip.detach().numpy()
    for b, d in np.ndindex(2, 6):
        y = np.convolve(x[b, :, d], kernel[d])[:15] + skip[d] * x[b, :, d].numpy()
        gelu = [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in y]
        np.testing.assert_allclose(conv(x)[b, :, d].detach(), gelu, atol=1e-12)


def test_squash_is_its_formula() -> None:
    k = torch.linspace(-1, 1, 21)
    torch.testing.assert_close(squash(k, 0.3), k.sign() * (k.abs() - 0.3).clamp(min=0))


@pytest.mark.parametrize("max_length", [64, 1024])
def test_most_taps_are_alive_at_the_start_and_get_a_gradient(max_length: int) -> None:
    conv = GlobalConv(model_config(width=64).resolved(), max_length)
    init_weights(conv, 0)
    conv(
        torch.randn(2, max_length, 64, generator=torch.Generator().manual_seed(0))
    ).sum().backward()
    assert (squash(conv.kernel, conv.squash) != 0).double().mean() > 0.8
    assert known(conv.kernel.grad).ne(0).double().mean() > 0.5  # a fifth is dropped


def test_a_sequence_longer_than_the_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="max_length=21 or more, not 20"):
        GlobalConv(config(), max_length=20)(torch.zeros(1, 21, 6))


def test_a_two_sided_convolution_is_a_direct_one_with_negative_lags() -> None:
    model = config(mode="paper", global_conv="two_sided")
    conv = kind(GlobalConv, started(known(chosen(model).read_before(model, 15))).global_conv)
    x = draw(1, 15, 6)
    kernel = squash(conv.kernel.detach(), 0.003)
    lags = (torch.arange(15)[:, None] - torch.arange(15)) % 30
    for d in range(6):
        y = kernel[d, lags] @ x[0, :, d] + conv.skip.detach()[d] * x[0, :, d]
        expected = torch.nn.functional.gelu(y)
        torch.testing.assert_close(conv(x)[0, :, d].detach(), expected)
