"""A bidirectional network reads both sides of every position; only classifiers may be one."""

import copy
import dataclasses
from typing import Any

import pytest
import torch
from torch import nn

from focus_core.config import ModelConfig, Scalar, TrialConfig
from focus_core.systems import SYSTEMS
from focus_core.systems.focus.views.responses import impulse_responses
from focus_core.tasks import TASKS
from focus_core.tools.cost import cost
from focus_core.tools.decoding import Decoder
from focus_core.training.limits import LEAK_TOLERANCE
from focus_core.training.loop import fit
from focus_core.training.network import SequenceModel, build_model
from tests.focus_core.causality import LENGTH, embedded, future, influence, small_config, small_net
from tests.focus_core.inside import blocks_of
from tests.narrowing import known

EVERY = pytest.mark.parametrize("mixer", sorted(SYSTEMS))
CLASSIFIERS = {"noisy_tones": 64, "digits": 64, "smnist": 784, "pmnist": 784, "series": 64}
CLASSIFIERS |= {"series_targets": 64}
FEW = {"task.eval_sequences": 16, "task.test_sequences": 16}


def two_way(**changes: Scalar) -> ModelConfig:
    return dataclasses.replace(small_config(**changes), bidirectional=True)


def turned(net: SequenceModel) -> SequenceModel:
    """The same network with its two directions exchanged."""
    other = copy.deepcopy(net)
    pair = other.hyper_embedding, other.reversed_hyper_embedding
    other.reversed_hyper_embedding, other.hyper_embedding = pair
    for block in other.blocks:
        block.mixer, block.reversed_mixer = block.reversed_mixer, block.mixer
    return other


@EVERY
def test_what_comes_later_has_an_influence_and_what_came_before(mixer: str) -> None:
    J = influence(small_net(two_way(mixer=mixer)))
    assert J.triu(1).max() > 1e-3 * J.max()
    assert J.tril(-1).max() > 1e-3 * J.max()


@EVERY
def test_negative_control_one_direction_is_causal(mixer: str) -> None:
    assert future(small_net(small_config(mixer=mixer))) < 1e-12


def test_the_first_position_hears_of_the_last_token() -> None:
    J = influence(small_net(two_way()))
    assert min(J[0, -1], J[-1, 0]) > 1e-9 * J.max()


@EVERY
def test_the_directions_exchanged_read_the_reversed_sequence_alike(mixer: str) -> None:
    net = small_net(two_way(mixer=mixer))
    net.positions = nn.Identity()  # learned ones count from the start
    x_BLD = embedded(batch=2)
    with torch.no_grad():
        wanted = net.from_embedding(x_BLD)
        found = turned(net).from_embedding(x_BLD.flip(1)).flip(1)
        unturned = net.from_embedding(x_BLD.flip(1)).flip(1)
    torch.testing.assert_close(found, wanted, atol=1e-12, rtol=0)
    assert (unturned - wanted).abs().max() > 1e-3  # the negative control


@EVERY
def test_it_starts_from_the_weights_of_one_direction_and_others_of_its_own(mixer: str) -> None:
    one = small_net(small_config(mixer=mixer), seed=3).state_dict()
    both = small_net(two_way(mixer=mixer), seed=3).state_dict()
    assert all(torch.equal(both[name], weights) for name, weights in one.items())
    own = {name.replace("reversed_", "") for name in both.keys() - one.keys()}
    mixing = {name for name in one if ".mixer." in name or name.startswith("hyper_embedding")}
    assert own == mixing
    reversed_of = {n.replace("reversed_", ""): n for n in both if "reversed_" in n}
    assert any(not torch.equal(one[name], both[n]) for name, n in reversed_of.items())


@pytest.mark.parametrize("changes", [{}, {"hyper_scope": "shared"}, {"filter": "coupled"}])
def test_filters_of_both_directions_are_measured(changes: dict[str, str]) -> None:
    net = small_net(two_way(**changes))
    tokens_BL = torch.randint(7, (1, LENGTH), generator=torch.Generator().manual_seed(0))
    there = impulse_responses(net, tokens_BL, LENGTH)
    back = impulse_responses(turned(net), tokens_BL.flip(1), LENGTH)
    assert len(there) == 4
    for layer in (0, 1):
        forward, reverse = there[2 * layer : 2 * layer + 2]
        torch.testing.assert_close(back[2 * layer], reverse)
        torch.testing.assert_close(back[2 * layer + 1], forward)
        assert not torch.allclose(forward, reverse)


def test_it_costs_what_its_second_mixers_and_hypernetworks_cost() -> None:
    sizes: dict[str, Any] = {"vocab_size": 9, "num_outputs": 9, "length": LENGTH}
    one, both = (cost(model, **sizes) for model in (small_config(), two_way()))
    net = build_model(small_config(), vocab_size=9, num_outputs=9, max_length=LENGTH)
    mixing = [*(block.mixer for block in blocks_of(net)), known(net.hyper_embedding)]
    more = sum(p.numel() for part in mixing for p in part.parameters())
    assert both.parameters == one.parameters + more
    head_and_ffn = 2 * 8 * 9 + 2 * 2 * (2 * 8 * 16)
    assert both.forward - head_and_ffn == pytest.approx(2 * (one.forward - head_and_ffn))


@pytest.mark.parametrize("name", sorted(set(TASKS) - set(CLASSIFIERS)))
def test_it_is_refused_where_the_next_token_is_predicted(name: str) -> None:
    with pytest.raises(ValueError, match=f"task {name} predicts the next token: a bidirectional"):
        TrialConfig().override({"task.name": name, "model.bidirectional": True})


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("readout", ["mean", "last"])
def test_a_classifier_may_be_one_and_is_a_trial_of_its_own(name: str, readout: str) -> None:
    one = TrialConfig().override(
        {"task.name": name, "task.length": CLASSIFIERS[name], "task.readout": readout, **FEW}
    )
    both = one.override({"model.bidirectional": True})
    assert both.trial_id != one.trial_id
    assert one.override({"model.bidirectional": False}).trial_id == one.trial_id
    assert not both.resolved_model().leaks()
    assert one.resolved_model().promises_causality()
    assert not both.resolved_model().promises_causality()


def trained(**changes: Scalar) -> list[dict[str, float]]:
    """The reports of a network that classifies digits."""
    reports: list[dict[str, float]] = []
    named = {name.replace("__", "."): value for name, value in changes.items()}
    usual: dict[str, Scalar] = {"task.name": "digits", "model.bidirectional": True, **FEW}
    usual |= {"model.layers": 1, "train.warmup_steps": 1}
    trial = TrialConfig().override(usual | named)
    fit(trial, [0], reports.append, device=torch.device("cpu"))
    return reports


@EVERY
def test_it_trains_and_reports_that_it_reads_ahead(mixer: str) -> None:
    reports = trained(model__mixer=mixer, model__width=8, train__steps=3, train__eval_every=2)
    assert all(report["leak"] > LEAK_TOLERANCE for report in reports)
    assert all(torch.isfinite(torch.tensor(report["loss/0"])) for report in reports)


def test_it_learns_digits() -> None:
    length = {"train__steps": 80, "train__eval_every": 80, "train__learning_rate": 0.01}
    (report,) = trained(model__width=32, task__eval_sequences=180, **length)
    assert report["value/0"] > 0.3  # 0.1 is chance


@EVERY
def test_every_parameter_has_a_gradient(mixer: str) -> None:
    net = small_net(two_way(mixer=mixer)).train()
    torch.autograd.backward(net.from_embedding(embedded(batch=2)).square().sum())
    still = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert set(still) <= {"embedding.weight"}  # the tokens came embedded


def test_it_cannot_be_stepped() -> None:
    with pytest.raises(ValueError, match="it is bidirectional"):
        Decoder(small_net(two_way(filter="ema")))
