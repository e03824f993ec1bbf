"""The analytic cost of every variant, against torch's own count of what was computed."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from focus_core.config import ModelConfig, TrialConfig
from focus_core.layers.module_cost import SHARED, NoRowError, work
from focus_core.layers.short_conv import ShortConv
from focus_core.tools.cost import cost
from focus_core.training.network import SequenceModel, build_model
from search_spaces.variants import VARIANTS
from tests.configs import model_config

BATCH = 2
SIZES: dict[str, Any] = {"vocab_size": 9, "num_outputs": 9}
REGISTERED = pytest.mark.parametrize("name", VARIANTS)


def small(name: str) -> ModelConfig:
    changes = {"model.width": 32, "model.heads": 2} | VARIANTS[name].changes
    return TrialConfig().override(changes).resolved_model()


def counted(net: SequenceModel, length: int) -> tuple[float, float]:
    """FLOPs a token, forward and backward, of what torch's counter sees."""
    tokens_BL = torch.randint(9, (BATCH, length))
    with sdpa_kernel(SDPBackend.MATH):  # of the fused kernels for CPUs it knows nothing
        with FlopCounterMode(display=False) as there:
            logits = net(tokens_BL)
        with FlopCounterMode(display=False) as back:
            logits.sum().backward()
    forward, backward = there.get_total_flops(), back.get_total_flops()
    for conv in (module for module in net.modules() if isinstance(module, ShortConv)):
        # Its shifted products are no product of matrices for the counter.
        forward += BATCH * 2 * length * conv.taps_DJ.numel()
        backward += BATCH * 2 * 2 * length * conv.taps_DJ.numel()
    return forward / BATCH / length, backward / BATCH / length


@REGISTERED
@pytest.mark.parametrize("length", [64, 52])
def test_flops_are_those_torch_counts(name: str, length: int) -> None:
    net = build_model(small(name), max_length=length, **SIZES).train()
    found = cost(small(name), length=length, batch_size=BATCH, **SIZES)
    forward, backward = counted(net, length)
    assert found.forward == pytest.approx(forward, rel=0.015)
    assert found.backward == pytest.approx(backward, rel=0.015)
    assert found.parameters == sum(p.numel() for p in net.parameters())


def test_a_network_of_real_numbers_has_a_cost_too() -> None:
    sizes: dict[str, Any] = {"num_outputs": 9, "max_length": 64, "vocab_size": None}
    net = build_model(small("s4d"), **sizes).train()
    found = cost(small("s4d"), vocab_size=None, num_outputs=9, length=64, batch_size=BATCH)
    with FlopCounterMode(display=False) as counter:
        net(torch.randn(BATCH, 64))
    assert found.forward == pytest.approx(counter.get_total_flops() / BATCH / 64, rel=0.015)


def test_negative_control_another_size_is_another_count() -> None:
    net = build_model(small("mega"), max_length=64, **SIZES)
    forward, _ = counted(net, 64)
    for other in (small("base"), model_config(mixer="mega", width=32, chunk_length=32)):
        found = cost(other, length=64, batch_size=BATCH, **SIZES).forward
        assert found != pytest.approx(forward, rel=0.03)


@pytest.mark.parametrize(
    ("name", "unseen"),
    [
        ("flash_transformer", 0),
        ("no_filter", 0),
        ("focus_h", 2 * 32 * (2 * 2 + 2)),  # layers, width, two taps and a gain
        ("coupled", 2 * 32 * 2 * 13),  # layers, width, filters
        ("coupled_real", 2 * 32 * 2 * 5),
        # n = 128: 2.5 n log2 n for each of three transforms, 3 n for the product
        ("s4", 2 * 32 * (3 * 2.5 * 128 * 7 + 3 * 128) / 64),
    ],
)
def test_what_the_counter_does_not_see(name: str, unseen: float) -> None:
    assert cost(small(name), length=64, **SIZES).unseen == unseen


def kept(name: str, length: int) -> float:
    return cost(small(name), length=length, **SIZES).state_bytes


def test_a_cache_grows_and_a_state_does_not() -> None:
    """Bytes: two layers of width 32, float32."""
    for name in ("flash_transformer", "transformer", "gpt2"):
        assert kept(name, 64) == 2 * 64 * 2 * 32 * 4
        assert kept(name, 256) == 4 * kept(name, 64)
    for name in ("no_global_conv", "focus_h", "ema", "mega", "s4", "s4d", "short_conv"):
        assert kept(name, 256) == kept(name, 64)
    assert kept("hyena", 256) - kept("hyena", 64) == 2 * 32 * 192 * 4
    assert kept("base", 256) - kept("base", 64) == 32 * 192 * 4  # shared by the layers
    assert kept("transformer_xl", 64) == 2 * (2 * 16) * 2 * 32 * 4
    assert kept("coupled", 256) == kept("coupled", 64)
    assert kept("coupled", 64) - kept("no_filter", 64) == 2 * 32 * 2 * 2 * 4  # re, im; F = 2
    assert kept("mega", 64) == 2 * 4 * (32 * 4 + 16 * (8 + 64))
    assert kept("s4", 64) == 2 * 4 * 32 * 64


def test_focus_of_22_million_takes_about_126_megaflops_a_token() -> None:
    """Six a parameter, forward and backward, and little for its short attention."""
    model = model_config(width=512, layers=8, ffn_width=1024, hyper_width=16, bin_length=64)
    found = cost(model, vocab_size=256, num_outputs=256, length=2048, batch_size=8)
    assert (found.forward + found.backward) / 1e6 == pytest.approx(126, rel=0.05)


def test_a_module_without_a_row_is_an_error() -> None:
    class Unknown(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

    with pytest.raises(NoRowError, match=r"Unknown of .* has no row: add one to cost\.py"):
        work(nn.Sequential(Unknown()), 8, SHARED)
