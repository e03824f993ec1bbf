"""The certificates, on networks whose leak and whose poles are known beforehand."""

import math
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.systems.focus.views.numbers import pole_radii
from focus_core.training.causality import causality_leak
from focus_core.training.network import SequenceModel
from search_spaces.variants import VARIANTS
from tests.configs import model_config
from tests.focus_core.causality import LENGTH, VOCABULARY, small_config, small_net
from tests.focus_core.inside import mixer_of


class Glance(nn.Module):
    """Each logit is the token itself plus a known share of the token ``ahead`` steps later."""

    def __init__(self, share: float, ahead: int = 1) -> None:
        super().__init__()
        self.config = model_config().resolved()
        self.share = nn.Parameter(torch.tensor(share))
        self.ahead = ahead

    def each_position(self, tokens_BL: Tensor) -> Tensor:
        one_hot = functional.one_hot(tokens_BL, VOCABULARY).to(self.share.dtype)
        return one_hot + self.share * one_hot.roll(-self.ahead, dims=1)


def leak_of(net: Glance) -> float:
    """Of a network that has what the certificate asks for, and no more."""
    return causality_leak(cast(SequenceModel, net), VOCABULARY, 64, seed=0)


@pytest.mark.parametrize("ahead", [1, 5])
@pytest.mark.parametrize("share", [0.0, 1e-3, 0.25])
def test_the_leak_is_the_share_of_the_future(share: float, ahead: int) -> None:
    assert leak_of(Glance(share, ahead)) == pytest.approx(share, rel=1e-3)


def test_a_network_that_ignores_its_input_leaks_nothing() -> None:
    class Deaf(Glance):
        def each_position(self, tokens_BL: Tensor) -> Tensor:
            return torch.zeros(*tokens_BL.shape, 3)

    assert leak_of(Deaf(0.0)) == 0


@pytest.mark.parametrize("where", [0, 40, 63])
def test_logits_that_are_no_numbers_prove_nothing(where: int) -> None:
    """A NaN is no certificate: it must not read as a leak of 0."""

    class Broken(Glance):
        def each_position(self, tokens_BL: Tensor) -> Tensor:
            logits = super().each_position(tokens_BL)
            logits[1:, where] = math.nan
            return logits

    assert math.isnan(leak_of(Broken(0.0)))


@pytest.mark.parametrize("name", VARIANTS)
def test_the_leak_tells_every_variant(name: str) -> None:
    leak = causality_leak(small_net(small_config(name)).float(), VOCABULARY, LENGTH, seed=0)
    assert leak < 1e-5 if VARIANTS[name].causal else leak > 1e-4


@pytest.mark.parametrize("training", [True, False])
def test_probes_leave_the_mode_and_no_gradient(training: bool) -> None:
    net = small_net(small_config(dropout=0.3)).train(training)
    leak = causality_leak(net, VOCABULARY, LENGTH, seed=0)
    assert leak < 1e-12
    pole_radii(net, torch.zeros(2, LENGTH, dtype=torch.int64))
    assert net.training == training
    assert all(p.grad is None for p in net.parameters())


def test_pole_radii_of_known_filters() -> None:
    net = small_net(small_config("focus_h"))
    tokens = torch.zeros(2, LENGTH, dtype=torch.int64)
    with torch.no_grad():
        for layer in range(len(net.blocks)):
            mixer_of(
                net, layer
            ).filter.logits.logits_DFP.zero_()  # a = (1/2, 1/2): radius sqrt(1/2)
        mixer_of(net, 1).filter.logits.logits_DFP[0, 0] = torch.tensor([0.0, math.log(4)])
    largest, median = list(pole_radii(net, tokens).values())[:2]
    assert largest == pytest.approx(math.sqrt(0.8))
    assert median == pytest.approx(math.sqrt(0.5))


@pytest.mark.parametrize("name", ["base", "carry_lattice", "sampled"])
def test_adaptive_filters_start_stable(name: str) -> None:
    tokens = torch.arange(2 * LENGTH).view(2, LENGTH) % VOCABULARY
    largest, median = list(pole_radii(small_net(small_config(name)), tokens).values())[:2]
    assert 0 < median <= largest < 1


@pytest.mark.parametrize("name", ["no_filter", "ema", "flash_transformer"])
def test_networks_without_a_bank_have_no_poles(name: str) -> None:
    assert pole_radii(small_net(small_config(name)), torch.zeros(1, 4, dtype=torch.int64)) == {}
