"""The network as a whole: every corner is causal, padding changes nothing, groups are complete."""

import pytest
import torch

from focus_core.config import Scalar, TrainConfig
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.hypernetwork import GlobalConv, HyperEmbedding
from focus_core.training.network import build_model
from focus_core.training.optimiser import parameter_groups
from tests.configs import model_config
from tests.focus_core.causality import (
    LENGTH,
    OUTPUTS,
    VOCABULARY,
    future,
    influence,
    prefix_gap,
    small_config,
    small_net,
)
from tests.focus_core.inside import mixer_of
from tests.narrowing import kind

CORNERS = [
    {"bin_length": 1, "carry": True},
    {"bin_length": 1, "realisation": "sampled", "nfft_factor": 1},
    {"bin_length": 24, "chunk_length": 4},
    {"bin_length": 24, "chunk_length": 24},
    {"order": 4, "filters": 3, "parameterisation": "lattice", "gain": "l2", "carry": True},
    {"realisation": "sampled", "nfft_factor": 1},
    {"filter": "static", "realisation": "sampled", "filters": 2},
    {"filter": "static", "carry": True, "gain": "l2"},
    {"theta_shift": 2, "oversampling": 1},
    {"chunk_length": 1, "key_width": 2, "value_width": 5},
    {"filter": "ema", "ema_size": 1},
    {"mixer": "flash_transformer", "heads": 2},
]


@pytest.mark.parametrize("changes", CORNERS, ids=str)
def test_corners_are_causal_and_prefix_consistent(changes: dict[str, Scalar]) -> None:
    net = small_net(small_config(**changes))
    assert future(net) < 1e-12
    assert prefix_gap(net) < 1e-12


@pytest.mark.parametrize(
    "changes",
    [
        {"realisation": "literal", "nfft_factor": 4},
        {"realisation": "literal", "nfft_factor": 1, "filter": "static"},
        {"theta_shift": 0, "carry": True},
        {"global_conv": "circular", "theta_shift": 2},
    ],
    ids=str,
)
def test_negative_control_leaky_corners_fail_the_same_tests(changes: dict[str, Scalar]) -> None:
    net = small_net(small_config(mode="paper", **changes))
    assert future(net) > 1e-6
    assert prefix_gap(net) > 1e-6


def test_information_crosses_chunks_through_the_filters_only() -> None:
    """Position 20 lies in the last chunk (16-23) and bin (18-23); token 2 in the first of both."""
    assert influence(small_net(small_config("no_filter")))[20, 2] == 0
    assert influence(small_net(small_config("focus_h")))[20, 2] == 0
    for variant in ("base", "ema", "flash_transformer"):
        assert influence(small_net(small_config(variant)))[20, 2] > 1e-8


def test_shapes_and_the_resolved_config() -> None:
    net = build_model(model_config(width=8), vocab_size=5, num_outputs=3, max_length=50)
    assert net(torch.zeros(2, 37, dtype=torch.int64)).shape == (2, 37, 3)
    assert net.config == model_config(width=8).resolved()


def test_counts_are_resolved_with_the_length() -> None:
    model = model_config(mode="paper", width=8, bins=4, chunks=2)
    net = build_model(model, vocab_size=5, num_outputs=3, max_length=40)
    config = kind(FocusConfig, net.config)
    assert (config.bin_length, config.chunk_length) == (10, 20)


def test_the_same_weights_whatever_was_drawn_before() -> None:
    first = small_net(small_config(), seed=5).state_dict()
    torch.rand(10)
    second = small_net(small_config(), seed=5).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_longer_sequence_than_the_model_was_built_for() -> None:
    tokens = torch.zeros(1, LENGTH + 1, dtype=torch.int64)
    with pytest.raises(ValueError, match="max_length=25 or more, not 24"):
        small_net(small_config())(tokens)
    assert small_net(small_config("focus_h"))(tokens).shape == (1, LENGTH + 1, OUTPUTS)


def test_groups_hold_every_parameter_once() -> None:
    train = TrainConfig(learning_rate=3e-3, conv_learning_rate=7e-4, weight_decay=0.2)
    net = small_net(small_config())
    groups = parameter_groups(net, train)
    grouped = [p for group in groups for p in group["params"]]
    assert len(grouped) == len({id(p) for p in grouped}) == len(list(net.parameters()))
    rates = {id(p): (g["lr"], g["weight_decay"]) for g in groups for p in g["params"]}
    conv = kind(HyperEmbedding, net.hyper_embedding).global_conv
    assert isinstance(conv, GlobalConv)
    assert rates[id(conv.kernel)] == (7e-4, 0.0)
    assert rates[id(mixer_of(net).query.weight)] == (3e-3, 0.2)
    assert rates[id(net.embedding.weight)] == (3e-3, 0.0)
    assert rates[id(mixer_of(net).filter.logits.first_DFP)] == (3e-3, 0.0)


@pytest.mark.parametrize("mixer", ["s4", "s4d"])
def test_the_dynamics_of_a_state_space_have_a_rate_of_their_own(mixer: str) -> None:
    train = TrainConfig(learning_rate=3e-3, state_learning_rate=5e-4)
    net = small_net(small_config(mixer))
    rates = {id(p): g["lr"] for g in parameter_groups(net, train) for p in g["params"]}
    kernel = mixer_of(net).kernel
    own = {name: rates[id(p)] for name, p in kernel.named_parameters()}
    assert own.pop("C_DS2") == 3e-3
    assert own.keys() >= {"log_step_D", "log_decay_S", "turn_S"}
    assert set(own.values()) == {5e-4}
    assert rates[id(mixer_of(net).skip_D)] == 3e-3


def test_the_network_that_writes_hyenas_filters_does_not_decay() -> None:
    net = small_net(small_config("hyena"))
    decay = {
        id(p): g["weight_decay"]
        for g in parameter_groups(net, TrainConfig(weight_decay=0.2))
        for p in g["params"]
    }
    mixer = mixer_of(net)
    assert {decay[id(p)] for p in mixer.filter.parameters()} == {0.0}
    assert decay[id(mixer.into.weight)] == decay[id(mixer.out.weight)] == 0.2


def test_a_network_without_a_long_kernel_has_no_group_for_it() -> None:
    assert len(parameter_groups(small_net(small_config("flash_transformer")), TrainConfig())) == 2


def test_dropout_acts_in_training_only() -> None:
    net = small_net(small_config(dropout=0.5, conv_dropout=0.0))
    tokens = torch.arange(LENGTH)[None] % VOCABULARY
    assert torch.equal(net(tokens), net(tokens))
    net.train()
    assert not torch.equal(net(tokens), net(tokens))


@pytest.mark.parametrize(
    ("variant", "changes"),
    [
        ("no_filter", {}),
        ("no_filter", {"attention": "none"}),
        ("sliding", {"filter": "none"}),
        ("sliding", {"filter": "none", "chunk_length": 3, "layers": 3}),
        ("transformer_xl", {"chunk_length": 4}),
        ("transformer_xl", {"chunk_length": 6, "layers": 1}),
        ("short_conv", {}),
        ("gpt2", {}),
        ("flash_transformer", {"layers": 1}),
    ],
)
def test_what_attention_brings_together_is_what_the_jacobian_says(
    variant: str, changes: dict[str, Scalar]
) -> None:
    """Of networks where nothing else carries anything: a window is that of all layers."""
    net = small_net(small_config(variant, **changes))
    heard = influence(net) > 0
    first = [int(row.nonzero()[0]) for row in heard]
    assert [net.config.first_seen(position) for position in range(LENGTH)] == first
