"""Theta recorded and Theta replaced by its mean, on banks whose answer is known."""

import pytest
import torch

from focus_core.config import TrialConfig
from focus_core.systems.focus.views.theta import mean_theta, recorded
from focus_core.training.replicate import Replicate
from tests.focus_core.causality import embedded, small_config, small_net
from tests.focus_core.inside import mixer_of

ADAPTIVE = ["base", "carry_lattice", "shared_hypernetwork", "coupled", "coupled_bins"]


@pytest.mark.parametrize("name", ADAPTIVE)
def test_every_bin_and_sequence_then_has_the_same_filters(name: str) -> None:
    net, x = small_net(small_config(name)), embedded(batch=3)
    with recorded(net) as before:
        net.from_embedding(x)
    with mean_theta(net) as adaptive, recorded(net) as thetas:
        net.from_embedding(x)
    assert adaptive
    assert len(thetas) == len(before) > 0
    for radius in (theta.radii for theta in thetas):
        torch.testing.assert_close(radius, radius[:1, :1].expand_as(radius))
    assert any(
        (radius - radius[:1, :1]).abs().max() > 1e-6 for radius in (theta.radii for theta in before)
    )


@pytest.mark.parametrize("name", ADAPTIVE)
def test_it_is_another_function_while_it_lasts_and_the_same_after(name: str) -> None:
    net, x = small_net(small_config(name)), embedded(batch=3)
    before = net.from_embedding(x)
    with mean_theta(net):
        assert (net.from_embedding(x) - before).abs().max() > 1e-9
    assert torch.equal(net.from_embedding(x), before)


def test_hooks_go_when_the_run_fails() -> None:
    net = small_net(small_config("base"))
    with pytest.raises(RuntimeError, match="stop"), mean_theta(net):
        raise RuntimeError("stop")
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    "name", ["focus_h", "ema", "no_filter", "flash_transformer", "coupled_static"]
)
def test_negative_control_networks_that_do_not_adapt(name: str) -> None:
    net, x = small_net(small_config(name)), embedded(batch=3)
    before = net.from_embedding(x)
    with mean_theta(net) as adaptive:
        assert not adaptive
        assert torch.equal(net.from_embedding(x), before)


def test_a_coupled_bank_whose_theta_ignores_its_input_loses_nothing() -> None:
    net, x = small_net(small_config("coupled")), embedded(batch=3)
    with torch.no_grad():
        for layer in range(len(net.blocks)):
            mixer_of(net, layer).filter.logits.up.weight.zero_()
    before = net.from_embedding(x)
    with mean_theta(net):
        torch.testing.assert_close(net.from_embedding(x), before, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("filter_", "reported"), [("coupled", True), ("static", False)])
def test_the_end_of_the_budget_reports_it(filter_: str, reported: bool) -> None:
    small = {"model.width": 8, "task.eval_sequences": 8, "task.test_sequences": 8}
    trial = TrialConfig().override({**small, "model.filter": filter_})
    replicate = Replicate(trial, seed=0, device=torch.device("cpu"))
    assert "theta_mean" not in replicate.evaluate(final=False)
    found = replicate.evaluate(final=True)
    assert ("theta_mean" in found) == reported
    assert 0 <= found.get("theta_mean", 0.0) <= 1
