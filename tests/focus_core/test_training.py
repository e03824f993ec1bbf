"""The loop's laws: paired seeds, resume bit for bit, divergence stops, the test split stays out."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch

from focus_core.config import TrainConfig, TrialConfig
from focus_core.training import replicate as replicate_module
from focus_core.training.limits import LEAK_TOLERANCE
from focus_core.training.loop import fit
from focus_core.training.replicate import Replicate, rate

CPU = torch.device("cpu")
SMALL = TrialConfig().override(
    {
        "model.width": 16,
        "model.layers": 1,
        "model.dropout": 0.1,
        "model.conv_dropout": 0.1,
        "task.length": 32,
        "task.eval_sequences": 32,
        "task.test_sequences": 32,
        "train.steps": 12,
        "train.eval_every": 3,
        "train.warmup_steps": 2,
        "train.batch_size": 8,
    }
)
TIMES = ("seconds", "seconds_per_step", "peak_bytes")


class Memory:
    """A checkpoint store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] | None = None

    def load(self) -> dict[str, Any] | None:
        return copy.deepcopy(self.kept)

    def save(self, state: dict[str, Any]) -> None:
        self.kept = copy.deepcopy(state)


def run(trial: TrialConfig, seeds: list[int], **options: Any) -> list[dict[str, float]]:
    reports: list[dict[str, float]] = []
    fit(trial, seeds, reports.append, device=CPU, **options)
    return [{k: v for k, v in r.items() if k not in TIMES} for r in reports]


def test_every_evaluation_is_reported_and_the_test_split_only_at_the_end() -> None:
    reports = run(SMALL, [0, 1])
    assert [r["step"] for r in reports] == [3, 6, 9, 12]
    for report in reports:
        assert report["value"] == (report["value/0"] + report["value/1"]) / 2
        assert all(isinstance(v, float) and math.isfinite(v) for v in report.values())
    assert ["test" in r for r in reports] == [False, False, False, True]
    last = reports[-1]
    assert last["test"] == (last["test/0"] + last["test/1"]) / 2
    assert {"leak", "parameters", "window_ceiling", "loss_floor", "chance"} <= last.keys()
    assert last["leak"] < 1e-5


def test_the_last_step_is_reported_though_no_evaluation_is_due() -> None:
    reports = run(SMALL.override({"train.eval_every": 5}), [0])
    assert [r["step"] for r in reports] == [5, 10, 12]


def test_a_seed_trains_the_same_alone_or_among_others() -> None:
    alone, among = run(SMALL, [1]), run(SMALL, [0, 1, 2])
    assert [r["loss/1"] for r in alone] == [r["loss/1"] for r in among]
    assert among[-1]["loss/0"] != among[-1]["loss/1"]


def test_seed_k_has_the_same_data_and_the_same_shared_weights_in_every_arm() -> None:
    arms = [
        Replicate(SMALL.override(changes), 3, CPU)
        for changes in ({}, {"model.filter": "ema"}, {"model.order": 1})
    ]
    first = dict(arms[0].net.named_parameters())
    for arm in arms[1:]:
        assert torch.equal(
            arm.task.train_batch(5, 8).inputs_BL, arms[0].task.train_batch(5, 8).inputs_BL
        )
        shared = [
            n for n, p in arm.net.named_parameters() if n in first and p.shape == first[n].shape
        ]
        assert len(shared) > 10
        assert all(torch.equal(dict(arm.net.named_parameters())[n], first[n]) for n in shared)
    other = dict(Replicate(SMALL, 4, CPU).net.named_parameters())
    assert not torch.equal(other["embedding.weight"], first["embedding.weight"])


@pytest.mark.parametrize("dies_at", [4, 6, 11])
def test_a_resumed_run_continues_bit_for_bit(dies_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(SMALL, [0, 1])
    store = Memory()
    step_of = Replicate.train_step

    def dying(self: Replicate, step: int) -> None:
        if step == dies_at:
            raise KeyboardInterrupt
        step_of(self, step)

    before: list[dict[str, float]] = []
    with monkeypatch.context() as patched:
        patched.setattr(Replicate, "train_step", dying)
        with pytest.raises(KeyboardInterrupt):
            fit(SMALL, [0, 1], before.append, checkpoints=store, checkpoint_seconds=0, device=CPU)
    after = run(SMALL, [0, 1], checkpoints=store, checkpoint_seconds=0)
    assert after == whole[len(before) :]
    assert len(before) == (dies_at - 1) // 3


@pytest.mark.parametrize("lost", [3, 9, 12])
def test_a_report_that_did_not_arrive_is_made_again(lost: int) -> None:
    whole = run(SMALL, [0, 1])
    store = Memory()

    def arrives(report: dict[str, float]) -> None:
        if report["step"] == lost:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(SMALL, [0, 1], arrives, checkpoints=store, checkpoint_seconds=0, device=CPU)
    assert run(SMALL, [0, 1], checkpoints=store, checkpoint_seconds=0) == whole[lost // 3 - 1 :]


def test_an_end_that_was_saved_but_not_reported_is_reported_without_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Memory()
    whole = run(SMALL, [0], checkpoints=store)

    def never(self: Replicate, step: int) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(Replicate, "train_step", never)
    assert run(SMALL, [0], checkpoints=store) == whole[-1:]


def test_a_report_made_again_tells_the_time_and_memory_of_its_training() -> None:
    """None of it is measured again: what makes a report again has trained nothing."""
    store, lost = Memory(), []

    def arrives(report: dict[str, float]) -> None:
        if report["step"] == SMALL.train.steps:
            lost.append(report)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(SMALL, [0], arrives, checkpoints=store, device=CPU)
    again: list[dict[str, float]] = []
    fit(SMALL, [0], again.append, checkpoints=store, device=CPU)
    assert again == lost
    assert again[0]["seconds_per_step"] == again[0]["seconds"] / 3 > 1e-4


def break_at(monkeypatch: pytest.MonkeyPatch, seeds: set[int], step: int) -> None:
    """Make the loss of these seeds NaN at ``step``."""
    step_of = Replicate.train_step

    def broken(self: Replicate, now: int) -> None:
        if self.seed in seeds and now == step:
            with torch.no_grad():
                self.net.head.weight.fill_(math.nan)
        step_of(self, now)

    monkeypatch.setattr(Replicate, "train_step", broken)


def test_a_diverged_seed_stops_and_the_trial_has_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    break_at(monkeypatch, {1}, 5)
    reports = run(SMALL, [0, 1])
    assert [r.get("diverged/1") for r in reports] == [None, 5.0, 5.0, 5.0]
    assert ["value" in r for r in reports] == [True, False, False, False]
    assert "value/0" in reports[-1]
    assert "value/1" not in reports[-1]
    assert "test" not in reports[-1]


def test_when_every_seed_has_diverged_the_trial_ends_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    break_at(monkeypatch, {0, 1}, 5)
    reports = run(SMALL, [0, 1])
    assert [r["step"] for r in reports] == [3, 5]


def test_a_model_that_leaks_undeclared_does_not_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicate_module, "causality_leak", lambda *args, **kwargs: 0.5)
    with pytest.raises(RuntimeError, match=r"promises to be causal .* 0\.5"):
        run(SMALL, [0])


def test_a_model_that_is_declared_leaky_trains_and_says_so() -> None:
    literal = SMALL.override({"model.mode": "paper", "model.realisation": "literal"})
    assert run(literal, [0])[-1]["leak"] > LEAK_TOLERANCE


def test_the_rate_warms_up_then_falls_to_nothing_or_stays() -> None:
    cosine = TrainConfig(steps=110, warmup_steps=10, schedule="cosine")
    assert [rate(cosine, s) for s in (1, 5, 10)] == [0.1, 0.5, 1.0]
    assert rate(cosine, 60) == pytest.approx(0.5)
    assert rate(cosine, 110) == pytest.approx(0.0)
    constant = TrainConfig(steps=110, warmup_steps=10, schedule="constant")
    assert [rate(constant, s) for s in (5, 11, 110)] == [0.5, 1.0, 1.0]


@pytest.mark.slow
def test_recall_of_32_tokens_is_learned_in_about_a_minute() -> None:
    """15 pairs of 14 keys and 14 values: 0.98 where guessing gives 0.07."""
    trial = TrialConfig().override(
        {
            "task.name": "recall",
            "task.length": 32,
            "task.keys": 14,
            "task.values": 14,
            "model.chunk_length": 32,
            "train.steps": 1000,
            "train.eval_every": 1000,
        }
    )
    assert run(trial, [0])[-1]["test"] >= 0.98
