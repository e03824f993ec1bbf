"""What the Focus layer's options connect, and what its rules refuse with the repair named."""

import pytest
import torch
from torch import Tensor

from focus_core.config import Scalar, TrialConfig
from focus_core.training.network import SequenceModel, build_model
from tests.configs import model_config
from tests.focus_core.causality import embedded, small_config, small_net
from tests.focus_core.inside import mixer_of

READERS = {
    "key_from": ["key"],
    "value_from": ["value"],
    "gates_from": ["reset_gate", "update_gate", "candidate"],
}


def hyper_input(net: SequenceModel, x_BLD: Tensor) -> Tensor | None:
    """What the network's hypernetworks read."""
    return None if net.hyper_embedding is None else net.hyper_embedding(x_BLD)


def what_each_reads(**changes: Scalar) -> dict[str, bool]:
    """For every linear layer of a mixer: does it read the filter's output, or its input?"""
    net = small_net(small_config(**changes))
    mixer = mixer_of(net)
    seen: dict[str, Tensor] = {}
    filtered: list[Tensor] = []
    mixer.filter.register_forward_hook(lambda _m, _i, out: filtered.append(out))
    for name in ("query", "key", "value", *READERS["gates_from"]):
        layer = getattr(mixer, name)
        layer.register_forward_hook(lambda _m, x, _o, name=name: seen.update({name: x[0]}))
    net.from_embedding(embedded())
    return {name: torch.equal(x, filtered[0]) for name, x in seen.items()}


@pytest.mark.parametrize("field", READERS)
def test_each_field_rewires_its_readers_and_no_other(field: str) -> None:
    reads = what_each_reads(**{field: "input"})
    assert reads.pop("query") is False
    assert {name for name, filtered in reads.items() if not filtered} == set(READERS[field])


def test_negative_control_without_rewiring_all_but_the_query_read_the_filter() -> None:
    assert [name for name, filtered in what_each_reads().items() if not filtered] == ["query"]


def test_without_attention_there_is_none() -> None:
    net = small_net(small_config("filters_only"))
    names = {name.split(".")[-2] for name, _ in mixer_of(net).named_parameters()}
    assert names & {"query", "key", "value", "reset_gate", "from_attention"} == set()
    x = embedded()
    mixer = mixer_of(net)
    h = mixer.filter(mixer.norm(x), hyper_input(net, x))
    phi, z = torch.sigmoid(mixer.update_gate(h)), torch.nn.functional.silu(mixer.candidate(h))
    torch.testing.assert_close(mixer(x, hyper_input(net, x)), phi * z + (1 - phi) * x)


def test_taps_stand_in_front_of_the_filter() -> None:
    net = small_net(small_config(short_conv=4))
    mixer, x = mixer_of(net), embedded()
    e = hyper_input(net, x)
    torch.testing.assert_close(mixer.filtered(x, e), mixer.filter(mixer.taps(x), e))
    assert mixer.taps.taps_DJ.shape[1] == 4


@pytest.mark.parametrize("filter_", ["adaptive", "static", "coupled"])
def test_the_skip_adds_omega_x(filter_: str) -> None:
    net = small_net(small_config(filter=filter_, filter_skip=True))
    mixer, x = mixer_of(net), embedded()
    e = hyper_input(net, x)
    torch.testing.assert_close(mixer.filtered(x, e), mixer.filter(x, e) + mixer.skip_D * x)


REFUSED = [
    ({"key_from": "input", "value_from": "input", "gates_from": "input"}, "leave one of"),
    ({"attention": "none", "gates_from": "input"}, "nothing reads the filter's output"),
    ({"order": 3}, "orders 1, 2, not 3; use model.parameterisation=lattice or ek"),
    ({"order": 9}, "orders 1, 2, not 9"),
    ({"parameterisation": "cascade"}, "6, 8, not 2; use model.parameterisation=sigmoid or lattice"),
    ({"parameterisation": "polar", "order": 1}, "orders 2, not 1"),
    ({"parameterisation": "cascade", "order": 4, "gain": "l2"}, "use dc or none"),
    ({"parameterisation": "lattice", "order": 4, "gain": "peak"}, "use l2, dc or none"),
    ({"first_bin": "half", "parameterisation": "lattice"}, "use model.first_bin=zero"),
    ({"first_bin": "zero", "bin_length": 64}, "shorten model.bin_length"),
    ({"first_bin": "roll"}, "study it with model.mode=paper"),
    ({"global_conv": "two_sided"}, "study it with model.mode=paper"),
    ({"theta_init": "identity", "parameterisation": "triangle"}, "model.theta_init=mid"),
    ({"theta_init": "mid", "filters": 2}, "use model.filters=1"),
    ({"conv_squash": 0.5}, "use less than 0.38"),
    ({"filter": "coupled", "time_min": 9.0, "time_max": 3.0}, "must not be above"),
    ({"filter": "coupled", "time_max": 9e3}, "use at most 500"),
    ({"filter": "coupled", "theta": "bin", "bin_length": 7}, "does not divide task.length = 64"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=lambda v: str(v)[:40])
def test_rules_name_the_repair(changes: dict[str, Scalar], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")) as raised:
        TrialConfig(model=model_config(**changes))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"filter": "coupled"}, {"filter": "coupled", "bin_length": 8}),
        ({"filter": "coupled"}, {"filter": "coupled", "order": 1, "carry": True}),
        (
            {"filter": "coupled", "theta": "static"},
            {"filter": "coupled", "theta": "static", "theta_rank": 3},
        ),
        ({"filter": "none"}, {"filter": "none", "short_conv": 4, "gates_from": "input"}),
        ({"attention": "none"}, {"attention": "none", "chunk_length": 8, "key_from": "input"}),
        ({"bin_length": 4}, {"bin_length": 4, "pooling": "avg"}),  # windows of one token
        ({"layers": 1}, {"layers": 1, "hyper_scope": "shared"}),
        (
            {"filter": "coupled", "theta": "static"},
            {"filter": "coupled", "theta": "bin", "bin_length": 64},
        ),
        ({}, {"theta_init": "hyperfan_out"}),  # of one filter
        ({}, {"theta": "bin", "theta_rank": 4, "time_max": 9.0, "ema_size": 8}),
    ],
    ids=lambda v: str(v)[:40],
)
def test_dead_knobs_make_no_second_trial(one: dict[str, Scalar], other: dict[str, Scalar]) -> None:
    first, second = (TrialConfig(model=model_config(**changes)) for changes in (one, other))
    assert first.trial_id == second.trial_id


def test_parameters_of_the_coupled_bank() -> None:
    """Low rank: D r + r 2FD + 2FD; full: D 2FD + 2FD; the mix: 2FD."""
    D, F, rank = 16, 2, 4
    for theta_rank, wanted in ((rank, D * rank + rank * 2 * F * D), (None, D * 2 * F * D)):
        model = model_config(filter="coupled", width=D, filters=F, theta_rank=theta_rank, layers=1)
        net = build_model(model, vocab_size=5, num_outputs=5, max_length=64)
        bank = mixer_of(net).filter
        assert sum(p.numel() for p in bank.parameters()) == wanted + 2 * F * D + 2 * F * D
