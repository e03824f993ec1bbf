"""What the questions start from: it builds, at every length and for every task."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from focus_core.config import TrialConfig
from focus_core.tasks import build_task
from focus_core.tasks.recall.data import Recall
from search_spaces import bases
from tests.data_sets import TEXT_BYTES, made_data
from tests.narrowing import kind

SMALL = {"task.eval_sequences": 8, "task.test_sequences": 8}


@pytest.mark.parametrize("length", bases.RECALL_LENGTHS)
def test_recall_has_a_base_at_every_length_of_the_paper(length: int) -> None:
    trial = bases.recall(length)
    assert trial.task.length == length
    assert trial.train.batch_size * length <= max(32 * 1024, length)
    assert trial.override({"task.length": length}).trial_id == trial.trial_id


def test_64k_recall_holds_a_byte_a_token_and_a_batch_no_more_than_it_needs() -> None:
    """As int64 the two sets would be 100 MB, and as much again for targets."""
    trial = bases.recall(65_536)
    built = build_task(trial.task, 0)
    held = [value for value in vars(built).values() if isinstance(value, torch.Tensor)]
    tokens = (trial.task.eval_sequences + trial.task.test_sequences) * 65_537
    assert sum(tensor.nbytes for tensor in held) == tokens
    part = built.test(slice(3, 4))
    assert part.inputs_BL.shape == (1, 65_536)
    assert part.inputs_BL.untyped_storage().nbytes() <= 8 * 65_537
    assert built.train_batch(0, 1).inputs_BL.shape == (1, 65_536)


STEP_OF_64K = """
import torch
from focus_core.training.memory import peak_bytes
from focus_core.training.replicate import Replicate
from search_spaces.bases import recall

torch.set_num_threads(1)
cpu = torch.device("cpu")
replicate = Replicate(recall(65_536), 0, cpu)
replicate.train_step(1)
assert replicate.diverged_at is None and replicate.leak() < 1e-4
print(peak_bytes(cpu))
"""


@pytest.mark.slow
def test_a_step_of_64k_recall_and_its_probe_fit_in_4_gb() -> None:
    """In a process of its own, since the peak counts all that a process ever held."""
    done = subprocess.run(
        [sys.executable, "-c", STEP_OF_64K], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 4 * 2**30


def test_compact_sets_are_the_sequences_that_were_drawn() -> None:
    """Of more than 256 symbols a token takes two bytes; either way int64 comes out."""
    for symbols, width in ((14, 1), (600, 2)):
        trial = bases.recall(1024).override({"task.keys": symbols, "task.values": symbols})
        built = build_task(trial.override(SMALL).task, 0)
        inputs_BL, targets_BL, _ = built.test()
        assert inputs_BL.dtype == targets_BL.dtype == torch.int64
        assert kind(Recall, built)._test_BT.element_size() == width
        assert int(inputs_BL[:, 1:-2:2].min()) >= symbols
        assert int(targets_BL[:, -1].max()) < 2 * symbols


@pytest.mark.parametrize(
    "trial",
    [
        *(bases.language(name, TEXT_BYTES) for name in ("enwik8", "text8", "pydoc_text")),
        bases.images("digits"),
        bases.noisy_tones(),
        bases.far_recall(),
    ],
    ids=lambda trial: trial.task.name,
)
def test_every_base_builds_its_data(
    trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_data(tmp_path, monkeypatch)
    built = build_task(trial.override(SMALL).task, 0)
    assert len(built.test().inputs_BL) == 8


@pytest.mark.parametrize("name", ["smnist", "pmnist"])
def test_images_have_a_base(name: str) -> None:
    assert bases.images(name).task.length == 784
