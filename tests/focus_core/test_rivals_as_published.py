"""Rivals start as published, and have the options of their public code."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from focus_core.systems.hyena.mixer import HyenaMixer, ImplicitFilter
from focus_core.systems.state_space.kernels import LowRankKernel, legs
from focus_core.systems.transformer_xl.mixer import TransformerXLMixer
from focus_core.training.network import build_model
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.narrowing import known


def published_start(module: ImplicitFilter) -> None:
    """Every linear layer as safari's and zoology's language models start it."""
    generator = torch.Generator().manual_seed(5)
    for layer in module.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data = 0.02 * torch.randn(layer.weight.shape, generator=generator)
            if layer.bias is not None:
                layer.bias.data.zero_()


def bare_start(module: ImplicitFilter) -> None:
    """As torch's linear layers start by themselves."""
    torch.manual_seed(5)
    for layer in module.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.reset_parameters()


def size_of_taps(*starts: Callable[[ImplicitFilter], None], length: int = 64) -> float:
    """Mean norm of the first filters of a channel, over several seeds."""
    norms = []
    for seed in range(8):
        module = HyenaMixer(model_config(mixer="hyena").resolved(length), length)
        init_weights(module, seed)
        for start in starts:
            start(module.filter)
        norms.append(module.filter(length).detach().norm(dim=1).mean())
    return float(torch.stack(norms).mean())


def test_hyenas_filter_network_starts_as_published() -> None:
    """N(0, .02) without biases there; elsewhere the house's N(0, 1 / inputs)."""
    module = HyenaMixer(model_config(mixer="hyena").resolved(64), 64)
    init_weights(module, 0)
    for layer in (*module.filter.layers, module.filter.out):
        assert float(layer.weight.detach().std()) == pytest.approx(0.02, rel=0.1)
        assert layer.bias is None or not layer.bias.detach().any()
    assert float(module.into.weight.detach().std()) == pytest.approx(64**-0.5, rel=0.05)
    assert size_of_taps() == pytest.approx(size_of_taps(published_start), rel=0.2)


def test_negative_control_the_bare_operators_first_filters_are_several_times_as_large() -> None:
    assert size_of_taps(bare_start) > 4 * size_of_taps()


@pytest.mark.parametrize("options", [{}, {"implicit_frequency": 14.0}, {"implicit_features": 33}])
@pytest.mark.parametrize("frequency", [False, True])
@pytest.mark.parametrize("features", [False, True])
def test_hyenas_options_start_from_one_function_and_train_what_they_say(
    options: dict[str, float], frequency: bool, features: bool
) -> None:
    """Public code always trains the frequency; the features for language, not for recall."""
    trained = {"implicit_frequency_trained": frequency, "implicit_features_trained": features}
    taps = []
    for fields in (options, options | trained):
        model = model_config(mixer="hyena", width=4, **fields).resolved(20)
        module = HyenaMixer(model, 20)
        init_weights(module, 0)
        taps.append(module.filter(11).detach())
    torch.testing.assert_close(*taps)
    names = {name for name, _ in module.filter.named_parameters()}
    assert ("frequency_W" in names, "features_LE" in names) == (frequency, features)
    assert float(module.filter.frequency_W.detach()[0]) == options.get("implicit_frequency", 10)
    module.filter(11).square().sum().backward()
    assert all(known(p.grad).abs().max() > 0 for p in module.filter.parameters())
    last = module.filter(20)
    assert module.double().filter(20).dtype == torch.float64
    assert torch.isfinite(last).all()


def test_s4s_first_b_is_clipped_as_published() -> None:
    """Its imaginary part, between -2 and 2: of 64 states a norm of 8.65 instead of 45.3."""
    module = LowRankKernel(model_config(mixer="s4", state_size=64).resolved(), 40)
    init_weights(module, 0)
    first = torch.view_as_complex(module.B_S2.detach()).numpy()
    whole = legs(32)[2].numpy()
    assert np.linalg.norm(whole) == pytest.approx(64 / math.sqrt(2))
    assert np.linalg.norm(first) == pytest.approx(8.65, abs=0.01)
    clipped = whole.real + 1j * np.clip(whole.imag, -2, 2)
    np.testing.assert_allclose(first, clipped, atol=1e-6)
    assert np.abs(first - whole).max() > 1


@pytest.mark.parametrize("bidirectional", [False, True])
def test_transformer_xl_shares_u_and_v_over_layers_as_published_or_not(bidirectional: bool) -> None:
    """One pair for each direction, or one for each layer; the published number is the first."""
    pairs, sizes = {}, {}
    for bias in ("shared", "layer"):
        model = model_config(
            mixer="transformer_xl", width=8, layers=3, position_bias=bias,
            bidirectional=bidirectional,
        )  # fmt: skip
        net = build_model(model, vocab_size=5, num_outputs=5, max_length=10)
        mixers = [m for m in net.modules() if isinstance(m, TransformerXLMixer)]
        pairs[bias] = {id(m.biases.content_HZ) for m in mixers}
        sizes[bias] = sum(p.numel() for p in net.parameters())
    directions = 2 if bidirectional else 1
    assert (len(pairs["shared"]), len(pairs["layer"])) == (directions, 3 * directions)
    assert sizes["layer"] - sizes["shared"] == 2 * directions * 2 * 8
