"""The hypernetwork: what its convolution computes, where it pools, what reaches which bin."""

import math

import numpy as np
import pytest
import torch

from focus_core.config import ModelConfig
from focus_core.convolution import convolve
from focus_core.hypernetwork import GlobalConv, HyperEmbedding, HyperNetwork, pool, squash
from focus_core.model import build_model, init_weights


def config(**changes):
    return ModelConfig(width=6, bin_length=8, **changes).resolved()


def started(module, seed=0):
    init_weights(module, seed)
    return module.double().eval()


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("taps", [1, 5, 13])
def test_convolution_is_the_direct_one(taps):
    x, kernel = draw(3, 2, 13), draw(2, taps, seed=1)
    expected = [[np.convolve(x[b, d], kernel[d])[:13] for d in range(2)] for b in range(3)]
    np.testing.assert_allclose(convolve(x, kernel), expected, atol=1e-13)


def test_circular_convolution_wraps():
    x, kernel = draw(1, 1, 12), draw(1, 12, seed=1)
    lags = (np.arange(12)[:, None] - np.arange(12)) % 12
    expected = kernel[0].numpy()[lags] @ x[0, 0].numpy()
    np.testing.assert_allclose(convolve(x, kernel, circular=True)[0, 0], expected, atol=1e-13)


@pytest.mark.parametrize("circular", [False, True])
def test_convolution_gradients(circular):
    x, kernel = draw(2, 3, 6).requires_grad_(), draw(3, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, k: convolve(x, k, circular=circular), (x, kernel))


def test_a_kernel_longer_than_the_input_is_refused():
    with pytest.raises(ValueError, match="7 taps is longer than the 6 steps"):
        convolve(draw(1, 1, 6), draw(1, 7))


def test_global_conv_is_its_formula():
    conv = started(GlobalConv(config(), max_length=20))
    x = draw(2, 15, 6)
    kernel = conv.kernel.detach().numpy()[:, :15]
    kernel = np.sign(kernel) * np.maximum(np.abs(kernel) - 0.003, 0)
    skip = conv.skip.detach().numpy()
    for b, d in np.ndindex(2, 6):
        y = np.convolve(x[b, :, d], kernel[d])[:15] + skip[d] * x[b, :, d].numpy()
        gelu = [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in y]
        np.testing.assert_allclose(conv(x)[b, :, d].detach(), gelu, atol=1e-12)


def test_squash_is_its_formula():
    k = torch.linspace(-1, 1, 21)
    torch.testing.assert_close(squash(k, 0.3), k.sign() * (k.abs() - 0.3).clamp(min=0))


@pytest.mark.parametrize("max_length", [64, 1024])
def test_most_taps_are_alive_at_the_start_and_get_a_gradient(max_length):
    conv = GlobalConv(ModelConfig(width=64).resolved(), max_length)
    init_weights(conv, 0)
    conv(
        torch.randn(2, max_length, 64, generator=torch.Generator().manual_seed(0))
    ).sum().backward()
    assert (squash(conv.kernel, conv.squash) != 0).double().mean() > 0.8
    assert (conv.kernel.grad != 0).double().mean() > 0.5  # a fifth is dropped


def test_a_sequence_longer_than_the_kernel_is_refused():
    with pytest.raises(ValueError, match="max_length=21 or more, not 20"):
        GlobalConv(config(), max_length=20)(torch.zeros(1, 21, 6))


@pytest.mark.parametrize(("bin_length", "windows"), [(8, 4), (8, 3), (5, 5), (7, 1), (1, 1)])
def test_pooling_windows(bin_length, windows):
    bins = 3
    x = draw(2, bins * bin_length, 6)
    pooled = pool(x, bins, bin_length, windows)
    for n, o in np.ndindex(bins, windows):
        start = n * bin_length + o * bin_length // windows
        stop = n * bin_length + math.ceil((o + 1) * bin_length / windows)
        torch.testing.assert_close(pooled[:, n, :, o], x[:, start:stop].amax(dim=1))


def test_windows_without_a_token_are_zero():
    pooled = pool(draw(1, 10, 6), 2, 8, 4)  # tokens 8 and 9 fill one window of the second bin
    assert (pooled[:, 1, :, 1:] == 0).all()
    assert (pooled[:, 1, :, 0] != 0).all()


def theta(model, x):
    torch.manual_seed(0)
    embedding = started(HyperEmbedding(model, max_length=x.shape[1]))
    bins = math.ceil(x.shape[1] / model.bin_length)
    return started(HyperNetwork(model))(embedding(x), bins)


@pytest.mark.parametrize("conv", ["causal", "none"])
@pytest.mark.parametrize("shift", [1, 2])
def test_a_bins_filter_depends_on_the_bins_before_it_only(conv, shift):
    model = config(global_conv=conv, theta_shift=shift, order=2, filters=3)
    x = draw(1, 40, 6)
    before = theta(model, x)
    assert before.shape == (1, 5, 6, 3, 2)
    for changed in range(5):
        y = x.clone()
        y[:, changed * 8 : (changed + 1) * 8] += 1
        moved = (theta(model, y) - before).abs().amax(dim=(0, 2, 3, 4))
        assert (moved[: changed + shift] < 1e-12).all()
        assert (moved[changed + shift : changed + shift + 1] > 1e-6).all()


def test_negative_controls_shift_0_and_circular_leak():
    x = draw(1, 40, 6)
    y = x.clone()
    y[:, 24:32] += 1
    for changes, leaky_bin in (({"theta_shift": 0}, 3), ({"global_conv": "circular"}, 1)):
        model = config(mode="paper", **changes)
        moved = (theta(model, y) - theta(model, x)).abs().amax(dim=(0, 2, 3, 4))
        assert moved[leaky_bin] > 1e-6


def test_more_shift_than_bins_leaves_the_learned_filters():
    assert (theta(config(theta_shift=9), draw(2, 16, 6)) == 0).all()


@pytest.mark.parametrize(("filters", "order"), [(1, 2), (4, 2), (2, 1)])
def test_hyperfan_gives_logits_of_variance_one_over_fp(filters, order):
    """Chang et al.'s aim, measured over many initialisations on unit inputs."""
    model = ModelConfig(filters=filters, order=order, hyper_width=32).resolved()
    e_BNDO = draw(4, 2, 64, 4).float()
    samples = []
    for seed in range(60):
        hyper = HyperNetwork(model)
        init_weights(hyper, seed)
        samples.append(hyper(e_BNDO, 3)[:, 1:].detach())
    variance = float(torch.stack(samples).var())
    assert variance == pytest.approx(1 / (filters * order), rel=0.1)


def test_negative_control_xavier_misses_that_variance():
    hyper = HyperNetwork(ModelConfig(filters=4, hyper_width=32).resolved())
    samples = [torch.nn.init.xavier_uniform_(hyper.out.weight).var().item() for _ in range(60)]
    logits_variance = np.mean(samples) * 32 * hyper.out.second_moment
    assert logits_variance != pytest.approx(1 / 8, rel=0.1)


def test_the_filters_of_a_bank_start_apart_also_in_the_first_bin():
    """They are summed: equal ones would have equal gradients, and stay one filter for ever."""
    for filters in (1, 4):
        net = build_model(
            ModelConfig(width=8, filters=filters), vocab_size=5, num_outputs=5, max_length=64
        )
        first_DFP = net.blocks[0].mixer.filter.logits.first_DFP
        spread = float(first_DFP.detach().std(dim=1, unbiased=False).max())
        assert (spread > 0.1) == (filters > 1)
