"""Fixed training sets over epochs, under generated protocols: whole, shuffled, resumable."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from focus_core.config import TaskConfig, TrialConfig
from focus_core.tasks import build_task
from focus_core.tasks.base import Batch, Task
from focus_core.training.loop import fit
from tests.configs import task_config
from tests.data_sets import made_data
from tests.focus_core.test_training import CPU, Memory, run
from tests.narrowing import kind

OPTIONS: dict[str, dict[str, Any]] = {
    "recall": {"name": "recall", "length": 32},
    "recall_last": {"name": "recall", "length": 32, "loss": "last"},
    "far_recall": {"name": "far_recall", "length": 32, "gap": 12},
    "mqar": {"name": "mqar", "keys": 16, "values": 16},
    "mqar_blanks": {"name": "mqar", "keys": 16, "values": 16, "random_non_queries": False},
    "mqar_mixture": {"name": "mqar", "keys": 16, "values": 16, "mixture": "based"},
    "noisy_tones": {"name": "noisy_tones", "length": 32},
    "digits": {"name": "digits", "length": 64},
    "smnist": {"name": "smnist", "length": 784},
    "pmnist_urnn": {"name": "pmnist", "length": 784, "permutation": "urnn"},
}
TEXTS: dict[str, dict[str, Any]] = {
    "enwik8_context": {"name": "enwik8", "prefix": 20_000, "length": 64, "context": 40},
    "text8_whole": {"name": "text8", "prefix": 40_000, "length": 208, "context": 0},
}
EVERY = pytest.mark.parametrize("option", sorted(OPTIONS))


@pytest.fixture(autouse=True, scope="module")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        made_data(Path(tmp_path_factory.mktemp("data")), patch)
        yield


def config(option: str, **fields: Any) -> TaskConfig:
    usual = {"length": 64, "eval_sequences": 8, "test_sequences": 8}
    return kind(TaskConfig, task_config(**{**usual, **(OPTIONS | TEXTS)[option], **fields}))


def rows(batch: Batch) -> list[tuple[float, ...]]:
    return [tuple(row) for row in batch.inputs_BL.tolist()]


def epochs(built: Task, size: int, batch_size: int) -> list[list[tuple[float, ...]]]:
    """Three epochs of that many sequences, batches cut where epochs end."""
    steps = -(-3 * size // batch_size)
    seen = [row for step in range(steps) for row in rows(built.train_batch(step, batch_size))]
    return [seen[size * e : size * (e + 1)] for e in range(3)]


@EVERY
@pytest.mark.parametrize("seed", range(3))
def test_every_epoch_of_a_fixed_training_set_has_each_sequence_once(option: str, seed: int) -> None:
    """Of any size, by batches of any size, larger ones too. A mixture's parts: its own test."""
    pick = random.Random(f"{option}/{seed}")
    size, batch_size = pick.randint(9, 60), pick.randint(1, 80)
    if option == "mqar_mixture":
        size, batch_size = 9 * pick.randint(1, 5), 1
    built = build_task(config(option, train_sequences=size), seed)
    found = epochs(built, size, batch_size)
    assert all(len(set(epoch)) == size for epoch in found)
    assert all(set(epoch) == set(found[0]) for epoch in found)
    assert len({tuple(epoch) for epoch in found}) == 3


@pytest.mark.parametrize("option", sorted(OPTIONS | TEXTS))
@pytest.mark.parametrize("mixer", ["focus", "gpt2"])
def test_a_protocol_resumed_at_any_step_sees_the_same_data(option: str, mixer: str) -> None:
    """Stopped after a random step and started again: every number is that of one run."""
    pick = random.Random(f"{option}/{mixer}")
    fields = {"train_sequences": pick.choice((0, 18))} if option in OPTIONS else {}
    trial = TrialConfig(task=config(option, **fields)).override(
        {
            "model.mixer": mixer,
            "model.width": 8,
            "model.layers": 1,
            "model.chunk_length": 4,
            "train.steps": 5,
            "train.eval_every": 1,
            "train.warmup_steps": 0,
            "train.batch_size": pick.randint(1, 5),
        }
    )
    whole = run(trial, [0])
    memory, stop = Memory(), pick.randint(1, 4)
    parts: list[dict[str, float]] = []

    def report(found: dict[str, float]) -> None:
        parts.append(found)
        if len(parts) == stop + 1:  # one step is done that was not saved
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(trial, [0], report, checkpoints=memory, checkpoint_seconds=0, device=CPU)
    resumed = run(trial, [0], checkpoints=memory)
    assert resumed == whole[stop:]
    assert {"test/0", "value/0"} <= set(resumed[-1])
