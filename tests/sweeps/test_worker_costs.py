"""What a network costs is said in every report of a trial, and is no part of its training."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from focus_core.config import TrialConfig
from focus_core.metrics import declared
from focus_core.systems import SYSTEMS
from focus_core.tasks import build_task
from focus_core.tools.cost import cost
from focus_core.training.loop import fit
from focus_core.training.network import build_model
from sweeps.workers.worker import costs

TINY = {
    "train.steps": 2, "train.warmup_steps": 0, "train.eval_every": 1, "train.batch_size": 2,
    "task.eval_sequences": 4, "task.test_sequences": 4, "model.width": 8,
}  # fmt: skip


@pytest.mark.parametrize("mixer", SYSTEMS)
def test_every_report_says_what_the_network_costs(mixer: str) -> None:
    trial = TrialConfig().override({**TINY, "model.mixer": mixer})
    reports: list[dict[str, float]] = []
    fit(trial, [0], reports.append, measure=lambda net: costs(net, trial))
    task = build_task(trial.task, 0)
    found = cost(
        trial.model,
        vocab_size=task.vocab_size,
        num_outputs=task.num_outputs,
        length=trial.task.length,
        batch_size=2,
    )
    assert len(reports) == 2
    for report in reports:
        assert all(map(declared, report))
        assert report["flops_per_token"] == found.forward + found.unseen
        assert report["decoder_bytes"] == found.state_bytes > 0


def test_a_part_whose_cost_nobody_knows_is_trained_all_the_same() -> None:
    class Unknown(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

    net = build_model(TrialConfig().model, vocab_size=9, num_outputs=9, max_length=64)
    assert costs(net, TrialConfig())
    net.add_module("norm", Unknown())
    assert costs(net, TrialConfig()) == {}
