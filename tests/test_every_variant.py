"""Every named variant keeps its promise; the leaky ones must fail the very same tests."""

import pytest
import torch
from torch.nn import functional

from focus_core.config import TrainConfig
from focus_core.training.network import SequenceModel
from focus_core.training.optimiser import parameter_groups
from focus_core.training.start import init_weights
from search_spaces.variants import VARIANTS
from tests.focus_core.causality import (
    LENGTH,
    VOCABULARY,
    embedded,
    future,
    prefix_gap,
    small_config,
    small_net,
)

CAUSAL = [name for name, variant in VARIANTS.items() if variant.causal]
LEAKY = [name for name, variant in VARIANTS.items() if not variant.causal]
WITHOUT_FFT = ["focus_h", "no_filter", "flash_transformer", "no_global_conv"]
WITHOUT_FFT += ["short_conv_filter", "transformer", "transformer_xl", "gpt2", "short_conv"]
WITHOUT_FFT += [name for name in CAUSAL if name.startswith("coupled")]
"""Nothing in these is rounded across time: what comes later has an influence of exactly 0."""


@pytest.mark.parametrize("name", CAUSAL)
def test_no_later_token_has_an_influence(name: str) -> None:
    assert future(small_net(small_config(name))) < 1e-12


@pytest.mark.parametrize("name", WITHOUT_FFT)
def test_without_an_fft_that_influence_is_exactly_zero(name: str) -> None:
    assert future(small_net(small_config(name))) == 0


@pytest.mark.parametrize("name", LEAKY)
def test_negative_control_leaky_variants_see_the_future(name: str) -> None:
    assert future(small_net(small_config(name))) > 1e-6


@pytest.mark.parametrize("name", CAUSAL)
def test_a_prefix_gives_the_same_logits(name: str) -> None:
    assert prefix_gap(small_net(small_config(name))) < 1e-12


@pytest.mark.parametrize("name", LEAKY)
def test_negative_control_leaky_variants_are_not_prefix_consistent(name: str) -> None:
    assert prefix_gap(small_net(small_config(name))) > 1e-6


@pytest.mark.parametrize("name", VARIANTS)
def test_the_config_declares_what_the_variant_promises(name: str) -> None:
    assert bool(small_config(name).leaks()) == (not VARIANTS[name].causal)


@pytest.mark.parametrize("name", sorted(set(VARIANTS) - {"base"}))
def test_each_variant_is_another_function_than_the_base(name: str) -> None:
    """Some start as the base does, and train elsewhere: so all weights are moved a little."""
    x = embedded(batch=2)
    base, other = (moved(small_net(small_config(n))).from_embedding(x) for n in ("base", name))
    assert (base - other).abs().max() > 1e-9 * base.abs().max()


def moved(net: SequenceModel) -> SequenceModel:
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1)
    return net


@pytest.mark.parametrize("name", VARIANTS)
def test_shared_parameters_start_equal_in_every_variant(name: str) -> None:
    base = dict(small_net(small_config("base"), seed=3).named_parameters())
    other = dict(small_net(small_config(name), seed=3).named_parameters())
    shared = [n for n in other if n in base and base[n].shape == other[n].shape]
    assert {"embedding.weight", "head.weight"} <= set(shared)
    bare = "model.feed_forward" in VARIANTS[name].changes
    assert ("blocks.1.feed_forward.out.bias" in shared) == (not bare)
    for n in shared:
        if "model.theta_init" in VARIANTS[name].changes and ".logits." in n:
            continue  # the difference itself
        # hyperfan: its scale follows the pooling windows; a tied head wants smaller vectors
        if n.endswith(("logits.out.weight", "embedding.weight")):
            torch.testing.assert_close(base[n] / base[n].norm(), other[n] / other[n].norm())
        else:
            assert torch.equal(base[n], other[n]), n


def test_negative_control_another_seed_starts_elsewhere() -> None:
    first, second = (small_net(small_config(), seed=s).state_dict() for s in (3, 4))
    assert not torch.equal(first["head.weight"], second["head.weight"])


@pytest.mark.parametrize("name", VARIANTS)
def test_every_parameter_trains_and_the_loss_falls(name: str) -> None:
    net = small_net(small_config(name)).float().train()
    optimizer = torch.optim.AdamW(parameter_groups(net, TrainConfig()))
    generator = torch.Generator().manual_seed(0)
    tokens_BL = torch.randint(VOCABULARY, (8, LENGTH), generator=generator)
    losses = []
    torch.manual_seed(0)
    for _ in range(12):
        loss = functional.cross_entropy(net(tokens_BL).flatten(0, 1), tokens_BL.flatten() % 3)
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    still = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert not still
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("name", VARIANTS)
def test_no_parameter_keeps_what_was_there_before_its_initial_value(name: str) -> None:
    net = small_net(small_config(name))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(float("nan"))
    init_weights(net, 0)
    assert all(torch.isfinite(p).all() for p in net.parameters())
