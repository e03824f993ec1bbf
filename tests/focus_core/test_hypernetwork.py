"""The hypernetwork: where it pools, how its logits start, what reaches which bin."""

import math
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from focus_core.config import Scalar
from focus_core.systems.focus.ablations.coefficients import to_coefficients
from focus_core.systems.focus.ablations.hypernetwork import ACTIVATIONS, second_moment
from focus_core.systems.focus.choice import chosen
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.hypernetwork import HyperNetwork
from focus_core.training.network import build_model
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.focus_core.inside import mixer_of
from tests.narrowing import kind, known


def config(**changes: Scalar) -> FocusConfig:
    return kind(FocusConfig, model_config(width=6, bin_length=8, **changes).resolved())


Started = TypeVar("Started", bound=nn.Module)


def started(module: Started, seed: int = 0) -> Started:
    init_weights(module, seed)
    return module.double().eval()


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def theta(model: FocusConfig, x: Tensor) -> Tensor:
    torch.manual_seed(0)
    embedding = started(known(chosen(model).read_before(model, x.shape[1])))
    bins = math.ceil(x.shape[1] / model.bin_length)
    found: Tensor = started(hypernetwork(model))(embedding(x), bins)
    return found


def hypernetwork(model: FocusConfig) -> nn.Module:
    """The layer's own part of the hypernetwork, as its options choose it."""
    found: nn.Module = chosen(model)(model, 8).filter.logits
    return found


@pytest.mark.parametrize("conv", ["causal", "none", "ema"])
@pytest.mark.parametrize("shift", [1, 2])
def test_a_bins_filter_depends_on_the_bins_before_it_only(conv: str, shift: int) -> None:
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


def test_negative_controls_leak() -> None:
    x = draw(1, 40, 6)
    y = x.clone()
    y[:, 24:32] += 1
    leaky = (
        ({"theta_shift": 0}, 3),
        ({"global_conv": "circular"}, 1),
        ({"global_conv": "two_sided"}, 1),
        ({"first_bin": "roll"}, 0),
    )
    y[:, 32:] += 1
    for changes, leaky_bin in leaky:
        model = config(mode="paper", **changes)
        moved = (theta(model, y) - theta(model, x)).abs().amax(dim=(0, 2, 3, 4))
        assert moved[leaky_bin] > 1e-6


def test_more_shift_than_bins_leaves_the_learned_filters() -> None:
    assert (theta(config(theta_shift=9), draw(2, 16, 6)) == 0).all()


@pytest.mark.parametrize(("filters", "order"), [(1, 2), (4, 2), (2, 1)])
def test_hyperfan_gives_logits_of_variance_one_over_fp(filters: int, order: int) -> None:
    """Chang et al.'s aim, measured over many initialisations on unit inputs."""
    model = model_config(filters=filters, order=order, hyper_width=32).resolved()
    e_BNDO = draw(4, 2, 64, 4).float()
    samples = []
    for seed in range(60):
        hyper = hypernetwork(model)
        init_weights(hyper, seed)
        samples.append(hyper(e_BNDO, 3)[:, 1:].detach())
    variance = float(torch.stack(samples).var())
    assert variance == pytest.approx(1 / (filters * order), rel=0.1)


def test_negative_control_xavier_misses_that_variance() -> None:
    hyper = HyperNetwork(model_config(filters=4, hyper_width=32).resolved())
    samples = [torch.nn.init.xavier_uniform_(hyper.out.weight).var().item() for _ in range(60)]
    logits_variance = np.mean(samples) * 32 * hyper.out.second_moment
    assert logits_variance != pytest.approx(1 / 8, rel=0.1)


def test_the_filters_of_a_bank_start_apart_also_in_the_first_bin() -> None:
    """They are summed: equal ones would have equal gradients, and stay one filter for ever."""
    for filters in (1, 4):
        net = build_model(
            model_config(width=8, filters=filters), vocab_size=5, num_outputs=5, max_length=64
        )
        first_DFP = mixer_of(net).filter.logits.first_DFP
        spread = float(first_DFP.detach().std(dim=1, unbiased=False).max())
        assert (spread > 0.1) == (filters > 1)


@pytest.mark.parametrize("filters", [1, 2, 4])
def test_hyperfan_out_gives_logits_of_variance_one_over_p(filters: int) -> None:
    model = config(filters=filters, theta_init="hyperfan_out", hyper_width=32)
    e_BNDO = draw(4, 2, 6, 4).float()
    samples = []
    for seed in range(300):
        hyper = hypernetwork(model)
        init_weights(hyper, seed)
        samples.append(hyper(e_BNDO, 3)[:, 1:].detach())
    assert float(torch.stack(samples).var()) == pytest.approx(1 / 2, rel=0.15)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("variance", [0.1, 0.5])
def test_second_moments_by_sampling(name: str, variance: float) -> None:
    u = math.sqrt(variance) * draw(400_000)
    sampled = float(ACTIVATIONS[name](u).square().mean())
    # the sigmoid's is its first-order expansion, 1/4 + Var/16
    assert second_moment(name, variance) == pytest.approx(sampled, rel=0.03)


@pytest.mark.parametrize(
    ("changes", "value"),
    [({"theta_init": "identity"}, -4.0), ({"theta_init": "mid"}, 0.0), ({}, 0.0)],
)
def test_where_the_logits_start(changes: dict[str, str], value: float) -> None:
    s = theta(config(**changes), draw(40, 40, 6)).detach()
    assert float(s[:, 0].mean()) == value  # the first bin starts there exactly
    assert float(s[:, 1:].mean()) == pytest.approx(value, abs=0.5)
    assert (float(s[:, 1:].std()) == 0) == (changes.get("theta_init") == "mid")


@pytest.mark.parametrize(
    ("first", "parameterisation", "coefficient"),
    [("half", "sigmoid", 0.5), ("zero", "sigmoid", 0), ("zero", "ek", 0), ("zero", "lattice", 0)],
)
def test_a_fixed_first_bin(first: str, parameterisation: str, coefficient: float) -> None:
    model = config(first_bin=first, parameterisation=parameterisation)
    a = to_coefficients(theta(model, draw(2, 40, 6)), parameterisation)
    assert (a[:, 0] == coefficient).all()
    assert (a[:, 1:] != coefficient).all()
    assert not any("first" in name for name, _ in hypernetwork(model).named_parameters())


def test_roll_gives_the_first_bin_the_last_ones_logits() -> None:
    x = draw(2, 40, 6)
    rolled = theta(config(mode="paper", first_bin="roll"), x)
    unshifted = theta(config(mode="paper", theta_shift=0), x)
    torch.testing.assert_close(rolled[:, 0], unshifted[:, -1])
    torch.testing.assert_close(rolled[:, 1:], unshifted[:, :-1])


def test_a_shared_hypernetwork_is_one_and_others_are_not() -> None:
    for scope, modules in (("layer", 3), ("shared", 1)):
        model = model_config(width=8, layers=3, hyper_scope=scope)
        net = build_model(model, vocab_size=5, num_outputs=5, max_length=64)
        assert len({mixer_of(net, layer).filter.logits for layer in range(3)}) == modules


def test_a_layers_own_convolution_reads_the_layers_input() -> None:
    model = model_config(width=8, global_conv="layer")
    net = build_model(model, vocab_size=5, num_outputs=5, max_length=64)
    assert net.hyper_embedding is None
    convs = [mixer_of(net, layer).filter.embedding.global_conv for layer in range(2)]
    assert len(set(convs)) == 2
    seen: list[Tensor] = []
    for conv in convs:
        conv.register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0]))
    net(torch.arange(64)[None] % 5)
    torch.testing.assert_close(seen[0].mean(dim=-1), torch.zeros(1, 64), atol=1e-5, rtol=0)
    assert not torch.equal(seen[0], seen[1])
