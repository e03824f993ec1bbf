"""How what is written into the residual stream starts."""

import math

import pytest

from focus_core.training.network import build_model
from tests.configs import model_config
from tests.focus_core.inside import feed_forward_of, mixer_of


@pytest.mark.parametrize("layers", [2, 8])
def test_what_gpt2_writes_into_its_residual_stream_starts_small(layers: int) -> None:
    """By 1 / sqrt(N) for N layers that write, as published; other weights and rivals do not."""
    nets = {
        mixer: build_model(
            model_config(mixer=mixer, width=64, layers=layers), vocab_size=5, num_outputs=5
        )
        for mixer in ("gpt2", "flash_transformer")
    }
    for mixer, net in nets.items():
        for layer in range(layers):
            feed_forward = feed_forward_of(net, layer)
            parts = (mixer_of(net, layer).out, feed_forward.out)
            for linear in (*parts, feed_forward.hidden):
                share = 2 * layers if mixer == "gpt2" and linear in parts else 1
                unit = float(linear.weight.detach().std()) * math.sqrt(linear.in_features * share)
                assert unit == pytest.approx(1, rel=0.06)
                assert float(linear.bias.detach().abs().max()) == 0
