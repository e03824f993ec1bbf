"""Language modelling against plain Python over the bytes, and models whose score is known."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from focus_core.config import Scalar, TrialConfig
from focus_core.data.text import Text, as_bytes, as_letters
from focus_core.tasks.base import IGNORED, Predict
from focus_core.tasks.text.data import TextTask, build
from tests.configs import task_config
from tests.data_sets import TEXT_BYTES, made_data

L = 20
CONTENT = bytes(torch.randint(65, 69, (4000,), generator=torch.Generator().manual_seed(0)).tolist())


def task(length: int = L, *, text: Text | None = None, seed: int = 0, **fields: Any) -> TextTask:
    asked = {"eval_sequences": 9, "test_sequences": 9} | fields
    config = task_config(name="enwik8", length=length, **asked)
    return TextTask(config, seed, text or as_bytes(CONTENT, prefix=False))


def told(logits_V: torch.Tensor) -> Predict:
    """A network that says the same everywhere."""
    return lambda inputs_BL: logits_V.expand(*inputs_BL.shape, len(logits_V))


def copies(later: int) -> Predict:
    """A network that predicts, at t, the token at t + ``later``: 1 is seeing the future."""

    def predict(inputs_BL: torch.Tensor) -> torch.Tensor:
        seen_BL = inputs_BL.roll(-later, dims=1)
        return 50.0 * torch.nn.functional.one_hot(seen_BL, 256).float()

    return predict


def test_windows_are_pieces_of_their_part_of_the_text() -> None:
    built = task()
    for batch, low, high in (
        (built.train_batch(3, 200), 0, 3600),
        (built.validation(), 3600, 3800),
        (built.test(), 3800, 4000),
    ):
        rows = torch.cat([batch.inputs_BL, batch.targets_BL[:, -1:]], dim=1).tolist()
        assert all(CONTENT.find(bytes(row), low, high) >= 0 for row in rows)
        assert torch.equal(batch.inputs_BL[:, 1:], batch.targets_BL[:, :-1])


def test_training_reaches_both_ends_of_its_part() -> None:
    """Of a text of 80 bytes, 72 are for training."""
    text = as_bytes(bytes(range(80)), prefix=False)
    built = task(2, text=text, eval_sequences=1, test_sequences=1)
    batch = built.train_batch(0, 3000)
    assert int(batch.inputs_BL.min()) == 0
    assert int(batch.targets_BL.max()) == 71


def test_all_windows_score_every_byte_of_the_part_once() -> None:
    """The first byte has nothing before it; the rest of 200 is 9 windows of 20, and 19 left."""
    targets = task().test().targets_BL.flatten().tolist()
    assert bytes(targets) == CONTENT[3801 : 3801 + 180]
    assert (
        bytes(task(199, test_sequences=1, eval_sequences=1).test().targets_BL[0].tolist())
        == (CONTENT[3801:])
    )


def test_fewer_windows_are_spread_over_the_part() -> None:
    found = task(test_sequences=3).test().inputs_BL
    assert [CONTENT.find(bytes(row), 3800) for row in found.tolist()] == [3800, 3860, 3920]


@pytest.mark.parametrize("field", ["eval_sequences", "test_sequences"])
def test_more_windows_than_there_are_is_an_error_that_says_how_many(field: str) -> None:
    asked: dict[str, Any] = {field: 10}
    with pytest.raises(ValueError, match=rf"task\.{field} = 10: .* use at most 9"):
        task(**asked)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"test_sequences": 16}, "task.test_sequences = 16: 5 % of 20000 bytes are 15 windows"),
        ({"eval_sequences": 16}, "task.eval_sequences = 16"),
        ({"length": 1000}, "are 0 windows of task.length = 1000; use fewer, a shorter"),
        ({"prefix": 100_000_000}, "enwik8 has 100000000 bytes; use fewer, or 0 for all"),
    ],
)
def test_what_a_text_of_known_size_cannot_give_is_refused_at_once(
    changes: dict[str, int], says: str
) -> None:
    usual: dict[str, Scalar] = {"task.name": "enwik8", "task.prefix": 20_000, "task.length": 64}
    usual |= {"task.eval_sequences": 15, "task.test_sequences": 15}
    TrialConfig().override(usual)
    with pytest.raises(ValueError, match=says):
        TrialConfig().override(usual | {f"task.{name}": v for name, v in changes.items()})


def test_a_uniform_model_pays_eight_bits_a_byte() -> None:
    total, count = task().score(torch.zeros(9, L, 256), task().test().targets_BL)
    assert count == 180
    assert total / count == pytest.approx(8.0)
    assert task().chance == 8.0


def test_bits_are_the_cross_entropy_by_counting() -> None:
    law = Counter(CONTENT[:3600])
    logits_V = torch.full((256,), -1e4)
    for byte, times in law.items():
        logits_V[byte] = math.log(times / 3600)
    targets_BL = task().test().targets_BL
    total, count = task().score(told(logits_V)(targets_BL), targets_BL)
    by_hand = -sum(math.log2(law[byte] / 3600) for byte in targets_BL.flatten().tolist())
    assert total == pytest.approx(by_hand, rel=1e-5)
    assert total / count == pytest.approx(2.0, abs=0.05)  # four letters, evenly


@pytest.mark.parametrize("length", [20, 21])
def test_sliding_scores_the_same_targets_with_half_a_window_before_each(length: int) -> None:
    built = task(length, test_sequences=5)
    scored: list[int] = []

    def predict(inputs_BL: torch.Tensor) -> torch.Tensor:
        return torch.zeros(*inputs_BL.shape, 256)

    def score(logits_BLV: torch.Tensor, targets_BL: torch.Tensor) -> tuple[float, float]:
        at = (targets_BL != IGNORED).nonzero()
        assert int(at[:, 1].min()) >= length // 2
        scored.extend(targets_BL[targets_BL != IGNORED].tolist())
        return 0.0, float(len(at))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("focus_core.tasks.text.data.bits", score)
        built._sliding(predict)
    assert Counter(scored) == Counter(built.test().targets_BL.flatten().tolist())


def test_a_model_that_reads_the_future_is_worth_nothing_once_it_is_masked() -> None:
    found = task().closing_scores(copies(later=1))
    assert found["future_seen"] < 3.0  # but for the last position of a window
    assert found["future_masked"] > 50.0


def test_a_model_that_reads_the_past_scores_the_same_with_the_future_masked() -> None:
    """Whatever it says: here, that every byte repeats."""
    found = task().closing_scores(copies(later=0))
    assert found["future_masked"] == found["future_seen"] > 10.0
    constant = task().closing_scores(told(torch.zeros(256)))
    assert list(constant.values()) == pytest.approx([8.0, 8.0, 8.0])


def test_masked_targets_stand_everywhere_in_a_window() -> None:
    places: list[int] = []

    def predict(inputs_BL: torch.Tensor) -> torch.Tensor:
        blank = inputs_BL == ord(" ")  # no space is in the text
        places.extend((~blank).sum(dim=1).tolist())
        return torch.zeros(*inputs_BL.shape, 256)

    task()._future_masked(predict)
    masked = [p for p in places if p < L]
    assert set(masked) == set(range(1, L))
    assert max(Counter(masked).values()) < 2 * min(Counter(masked).values())


def test_a_prefix_says_so_in_every_report() -> None:
    whole, prefix = (task(text=as_bytes(CONTENT, prefix=prefix)) for prefix in (False, True))
    assert (whole.prefix, prefix.prefix) == (False, True)
    assert (whole.constants()["prefix"], prefix.constants()["prefix"]) == (0.0, 1.0)
    assert prefix.constants()["text_bytes"] == 4000


def test_letters_have_27_symbols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_data(tmp_path, monkeypatch)
    config = task_config(name="text8", prefix=TEXT_BYTES, eval_sequences=4, test_sequences=4)
    built = build(config, 0)
    assert (built.vocab_size, built.chance) == (27, math.log2(27))
    assert built.constants()["text_bytes"] == TEXT_BYTES
    assert task(text=as_letters(b"a b" * 2000, prefix=False)).vocab_size == 27


def test_the_text_of_this_python_is_its_reference() -> None:
    from pydoc_data.topics import topics

    built = build(task_config(name="pydoc_text", eval_sequences=4, test_sequences=4), 0)
    text = "\n".join(text for _, text in sorted(topics.items())).encode()
    assert built.constants()["text_bytes"] == len(text) > 300_000
    assert bytes(built.test(slice(1)).inputs_BL[0].tolist()) in text
    assert built.constants()["prefix"] == 0
