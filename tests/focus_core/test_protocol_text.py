"""A whole test part scored with a carried context: against a loop over bytes in plain Python."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
import torch

from focus_core.config import Scalar, TrialConfig
from focus_core.data.text import as_bytes
from focus_core.tasks.base import IGNORED
from focus_core.tasks.text.data import TextTask
from focus_core.training.replicate import Replicate
from tests.configs import task_config
from tests.data_sets import TEXT_BYTES, made_data

Case = tuple[TextTask, bytes, int, int]
"""The task, its test part, the window's length and the context."""


def built(size: int, length: int, context: int | None) -> tuple[TextTask, bytes]:
    """A text of so many bytes, and its test part."""
    content = random.Random(size).choices(range(97, 103), k=size)
    config = task_config(
        name="enwik8", length=length, context=context, eval_sequences=1, test_sequences=1
    )
    part = bytes(content[size * 95 // 100 :])
    return TextTask(config, 0, as_bytes(bytes(content), prefix=False)), part


def generated(seed: int) -> Case:
    """Any size, window and context that a config allows."""
    pick = random.Random(seed)
    length = pick.randint(2, 40)
    size = 20 * pick.randint(length + 1, 200)
    context = pick.choice((0, length - 1, pick.randrange(length)))
    return *built(size, length, context), length, context


def counts(inputs_BL: torch.Tensor) -> torch.Tensor:
    """A network that counts: a byte's chance grows with how often it stood in the window so far."""
    seen_BLV = torch.nn.functional.one_hot(inputs_BL, 256).cumsum(dim=1)
    return (seen_BLV.double() + 0.1).log()


def bits_by_hand(window: bytes, target: int) -> float:
    """What the counting network pays for ``target`` after ``window``."""
    return -math.log2((window.count(target) + 0.1) / (len(window) + 25.6))


def score(task: TextTask, rows: int) -> tuple[float, float]:
    """Bits and bytes over the whole test split, ``rows`` windows at a time."""
    total = count = 0.0
    for start in range(0, task.test_count or 0, rows):
        batch = task.test(slice(start, start + rows))
        found, scored = task.score(counts(batch.inputs_BL), batch.targets_BL)
        total, count = total + found, count + scored
    return total, count


def loop(part: bytes, length: int, context: int) -> float:
    """Bits of every byte but the first, one after another: windows move on when they are full."""
    total, begin, end = 0.0, 0, min(length, len(part) - 1)
    for at in range(1, len(part)):
        if at > end:  # the window scores ``length - context`` more, or ends with the part
            end = min(end + length - context, len(part) - 1)
            begin = end - length
        assert at - begin >= min(context, at)
        total += bits_by_hand(part[begin:at], part[at])
    return total


@pytest.mark.parametrize("seed", range(40))
def test_the_carried_context_gives_the_bits_of_a_plain_loop_over_every_byte(seed: int) -> None:
    task, part, length, context = generated(seed)
    total, count = score(task, rows=random.Random(seed).randint(1, 9))
    assert count == len(part) - 1 == task.constants()["test_bytes"]
    assert total == pytest.approx(loop(part, length, context), rel=1e-9)
    assert score(task, rows=1000) == pytest.approx((total, count))  # however it is cut


@pytest.mark.parametrize("seed", range(40))
def test_every_byte_of_the_whole_part_is_scored_once_with_the_context_before_it(seed: int) -> None:
    task, part, length, context = generated(seed)
    batch = task.test()
    scored: list[int] = []
    for inputs, targets in zip(batch.inputs_BL.tolist(), batch.targets_BL.tolist(), strict=True):
        kept = [at for at, target in enumerate(targets) if target != IGNORED]
        assert kept == list(range(kept[0], length))  # the end of a window, without holes
        at = len(scored) + 1  # in the part
        assert bytes(inputs[: kept[0] + 1]) == part[at - kept[0] - 1 : at]
        assert kept[0] + 1 > context or at <= length
        scored += [targets[i] for i in kept]
    assert bytes(scored) == part[1:]


def test_negative_control_without_the_mask_bytes_are_scored_twice() -> None:
    task, part = built(2000, 20, 12)
    inputs_BL, *_ = task.test()
    assert inputs_BL.numel() > len(part) - 1
    assert score(task, 3)[1] == len(part) - 1


def test_no_context_is_the_plain_windows() -> None:
    """100 bytes: 9 windows of 11 score all 99 that have another before them."""
    whole, part = built(2000, 11, 0)
    plain = TextTask(
        task_config(name="enwik8", length=11, eval_sequences=9, test_sequences=9),
        0,
        as_bytes(bytes(whole._text.tokens_T.tolist()), prefix=False),
    )
    assert plain.test_count is None
    assert "test_bytes" not in plain.constants()
    assert whole.test_count == 9
    assert all(torch.equal(a, b) for a, b in zip(whole.test()[:2], plain.test()[:2], strict=True))
    assert len(part) == 100


def test_more_context_helps_whom_it_can_help() -> None:
    """The counting network knows the six letters better, the more it has seen of them."""
    bits = [score(built(4000, 40, context)[0], 5)[0] for context in (0, 20, 39)]
    assert bits == sorted(bits, reverse=True)
    assert bits[0] > 1.1 * bits[2]


@pytest.mark.parametrize("mixer", ["focus", "gpt2", "hyena", "transformer_xl"])
def test_the_test_score_of_a_trial_with_a_context_is_that_of_the_whole_part(
    mixer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_data(tmp_path, monkeypatch)
    trial = TrialConfig().override(
        {
            "task.name": "text8",
            "task.prefix": 20_000,
            "task.length": 32,
            "task.context": 20,
            "task.eval_sequences": 2,
            "task.test_sequences": 2,
            "model.mixer": mixer,
            "model.width": 8,
            "model.layers": 1,
        }
    )
    assert TEXT_BYTES > 20_000
    replicate = Replicate(trial, 0, torch.device("cpu"))
    first, again = replicate.evaluate(final=True), replicate.evaluate(final=True)
    assert first == again
    windows = replicate.task.test()
    targets = windows.targets_BL
    assert int((targets != IGNORED).sum()) == 999
    with torch.no_grad():
        chances = replicate.net(windows.inputs_BL).double().log_softmax(-1)
    wanted = chances.gather(2, targets.clamp(min=0)[..., None])[..., 0][targets != IGNORED]
    assert first["test"] == pytest.approx(float(-wanted.sum()) / math.log(2) / 999, rel=1e-5)


@pytest.mark.parametrize(("length", "context"), [(32, 32), (32, 100)])
def test_a_context_that_fills_the_window_is_refused(length: int, context: int) -> None:
    usual: dict[str, Scalar] = {
        "task.name": "enwik8",
        "task.length": length,
        "task.eval_sequences": 8,
    }
    TrialConfig().override({**usual, "task.context": length - 1})
    with pytest.raises(ValueError, match=f"task.context = {context} leaves nothing .* at most 31"):
        TrialConfig().override({**usual, "task.context": context})
