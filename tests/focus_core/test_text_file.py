"""A person's own text, against plain Python over the file."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from focus_core.data.own import hold
from focus_core.data.text import decode, encode
from focus_core.errors import UserError
from focus_core.metrics import SCORES
from focus_core.tasks import metric_of
from focus_core.tasks.text import TextFileConfig
from focus_core.tasks.text.data import TextTask, build, text_of
from tests.configs import task_config
from tests.narrowing import kind

TEXT = "Äpfel\r\nund Öl,\n" * 100
CONTENT = TEXT.encode()


def config(content: bytes = CONTENT, **fields: Any) -> TextFileConfig:
    usual = {"length": 8, "eval_sequences": 3, "test_sequences": 3, "digest": hold(content)}
    return kind(TextFileConfig, task_config(name="text_file", **usual | fields))


def whole(task: TextTask) -> list[int]:
    return task._text.tokens_T.tolist()


def built(task: TextFileConfig) -> TextTask:
    return kind(TextTask, build(task, 0))


def test_bytes_are_those_of_the_file_line_endings_too() -> None:
    task = built(config())
    assert bytes(whole(task)) == CONTENT
    assert b"\r\n" in CONTENT
    assert (task.vocab_size, task.chance) == (256, 8.0)
    assert task.constants()["text_bytes"] == len(CONTENT)


def test_characters_are_numbered_in_their_order() -> None:
    task = built(config(unit="characters"))
    alphabet = sorted(set(TEXT))
    assert whole(task) == [alphabet.index(character) for character in TEXT]
    assert task.vocab_size == len(alphabet)
    assert task.chance == pytest.approx(math.log2(len(alphabet)))
    assert task.constants()["text_bytes"] == len(CONTENT)  # a size in bytes
    assert len(TEXT) < len(CONTENT)


def test_more_than_256_characters_have_their_own_numbers() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 400))) * 3
    task = built(config(text.encode(), unit="characters", eval_sequences=1, test_sequences=1))
    assert task.vocab_size == 400
    assert whole(task) == [ord(character) - 0x4E00 for character in text]


@pytest.mark.parametrize(
    ("split", "cuts"), [("90,5,5", (90, 95)), ("60,30,10", (60, 90)), ("98,1,1", (98, 99))]
)
def test_the_parts_follow_each_other_and_share_nothing(split: str, cuts: tuple[int, int]) -> None:
    content = bytes(range(256)) * 8
    task = built(config(content, split=split, length=4, eval_sequences=2, test_sequences=2))
    first, second = (len(content) * cut // 100 for cut in cuts)
    assert task._cuts == {
        "train": (0, first),
        "validation": (first, second),
        "test": (second, len(content)),
    }
    starts = task.train_batch(0, 4000).inputs_BL
    assert starts.shape == (4000, 4)
    for batch, low, high in ((task.validation(), first, second), (task.test(), second, 2048)):
        for inputs, target in zip(batch.inputs_BL, batch.targets_BL[:, -1], strict=True):
            window = bytes([*inputs.tolist(), int(target)])
            assert content.find(window, low, high) >= 0


def test_a_prefix_counts_tokens() -> None:
    assert bytes(whole(built(config(prefix=900)))) == CONTENT[:900]
    part = built(config(prefix=900, unit="characters"))
    assert [part._text.alphabet[token] for token in whole(part)] == list(TEXT[:900])
    with pytest.raises(UserError, match=r"task\.prefix = 9999: .* use at most that"):
        text_of(config(prefix=9999))


def test_the_metric_is_a_byte_s_or_a_character_s() -> None:
    assert metric_of(config()) == "bits per byte"
    assert metric_of(config(unit="characters")) == "bits per character"
    assert {metric_of(config(unit=u)) for u in ("bytes", "characters")} <= SCORES.keys()


@pytest.mark.parametrize("split", ["90,5,5", "34,33,33", "98,1,1", "2,49,49"])
@pytest.mark.parametrize("length", [2, 7, 64])
def test_a_text_is_refused_where_no_task_can_be_built_of_it(split: str, length: int) -> None:
    """The size that the message names is enough, and so is every larger one."""
    one = {"eval_sequences": 1, "test_sequences": 1}
    asked: dict[str, Any] = {"split": split, "length": length, **one}
    with pytest.raises(UserError, match=r"are too few: .* needs \d+ or more") as refused:
        config(**asked).fitted(b"abc", (), 1)
    enough = int(str(refused.value).split()[-3])
    answers = {
        size: is_taken(b"a" * size, asked) for size in range(max(1, enough - 90), enough + 9)
    }
    assert answers == {size: can_be_built(b"a" * size, asked) for size in answers}
    assert all(taken for size, taken in answers.items() if size >= enough)
    assert not answers[min(answers)]


def is_taken(content: bytes, asked: dict[str, Any]) -> bool:
    try:
        config(content, **asked).fitted(content, (), 1)
    except UserError:
        return False
    return True


def can_be_built(content: bytes, asked: dict[str, Any]) -> bool:
    """Whether there is a batch of every split."""
    try:
        task = built(config(content, **asked))
        return all(len(b.inputs_BL) for b in (task.train_batch(0, 1), task.test()))
    except (UserError, RuntimeError):  # torch: an empty range of starts
        return False


def test_counts_that_a_person_gave_are_kept_or_refused() -> None:
    content = b"a" * 2000  # parts of 100: 12 windows of 8
    assert config(eval_sequences=5).fitted(content, ["eval_sequences"], 1) == {
        "eval_sequences": 5,
        "test_sequences": 3,
    }
    many = config(eval_sequences=500, test_sequences=500)
    assert many.fitted(content, (), 1) == {"eval_sequences": 12, "test_sequences": 12}
    with pytest.raises(UserError, match=r"task\.eval_sequences = 500: .* use at most 12"):
        many.fitted(content, ["eval_sequences"], 1)


def test_a_text_is_written_with_its_own_characters() -> None:
    alphabet = text_of(config(unit="characters")).alphabet
    tokens_T = encode("text_file", "Öl", alphabet)
    assert b"".join(decode("text_file", int(t), alphabet) for t in tokens_T).decode() == "Öl"
    with pytest.raises(UserError, match="has no 'z'"):
        encode("text_file", "zz", alphabet)
    assert torch.equal(encode("text_file", "Ö"), torch.tensor(list("Ö".encode())))


def test_data_of_another_task_are_refused() -> None:
    named = task_config(name="series", digest=hold(CONTENT))
    with pytest.raises(UserError, match=r"no series: give task.path"):
        named.fitted(CONTENT, (), 1)
