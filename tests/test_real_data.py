"""Short trainings on real data: better than what needs no network, by a margin."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch

from focus_core.config import Scalar, TrialConfig
from focus_core.data.text import read_text
from focus_core.training.loop import fit
from search_spaces import bases
from tests.data_sets import real_data

pytestmark = pytest.mark.slow
PREFIX = {"enwik8": 4_150_000, "text8": 3_000_000}
LITERAL: dict[str, Scalar] = {
    "model.mode": "paper",
    "model.realisation": "literal",
    "model.nfft_factor": 1,
}


def trained(trial: TrialConfig) -> dict[str, float]:
    """The last report of one seed."""
    reports: list[dict[str, float]] = []
    fit(trial, [0], reports.append, device=torch.device("cpu"))
    return reports[-1]


def brief(name: str, **changes: Scalar) -> TrialConfig:
    usual: dict[str, Scalar] = {"train.steps": 200, "train.eval_every": 200}
    return bases.language(name, PREFIX.get(name, 0)).override(usual | changes)


def unigram_bits(name: str) -> float:
    """Bits a byte of the test part under the frequencies of the training part."""
    content = read_text(name, PREFIX.get(name, 0)).tokens_T.tolist()
    train, test = content[: len(content) * 9 // 10], content[len(content) * 95 // 100 :]
    law = Counter(train)
    return -sum(math.log2(max(law[byte], 0.5) / len(train)) for byte in test) / len(test)


@pytest.mark.parametrize("name", ["enwik8", "text8"])
def test_200_steps_of_text_beat_its_letter_frequencies(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_data(monkeypatch)
    found = trained(brief(name))
    unigram = unigram_bits(name)
    assert 4 < unigram < 5.5
    assert 2 < found["test"] < unigram - 0.7
    assert found["sliding"] < found["test"] + 0.05
    assert found["future_masked"] == pytest.approx(found["future_seen"], abs=1e-4)
    assert (found["prefix"], found["text_bytes"]) == (1.0, PREFIX[name])


def test_three_epochs_of_2400_mnist_images_are_far_above_chance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """0.1 is chance; a binomial of 500 at 0.1 has a standard deviation of 0.013."""
    real_data(monkeypatch)
    trial = bases.images("smnist", width=32, chunk_length=56, bin_length=56).override(
        {
            "task.train_sequences": 2400,
            "task.eval_sequences": 100,
            "task.test_sequences": 500,
            "train.steps": 900,
            "train.batch_size": 8,
            "train.learning_rate": 5e-3,
            "train.eval_every": 900,
        }
    )
    found = trained(trial)
    assert found["test"] > 0.5
    assert found["value"] > 0.5
    assert found["theta_mean"] < 0.3  # what the adaptive filters are worth
    assert found["leak"] < 1e-4


def test_the_literal_layer_is_caught_by_masking_the_future() -> None:
    """Its parallel score is far below what any honest model reaches, and worth nothing."""
    literal = trained(brief("pydoc_text", **LITERAL))
    assert literal["test"] < 1.0
    assert literal["future_masked"] > literal["future_seen"] + 3
    strict = trained(brief("pydoc_text"))
    assert strict["future_masked"] == pytest.approx(strict["future_seen"], abs=1e-4)
    assert strict["test"] < unigram_bits("pydoc_text") - 0.7
