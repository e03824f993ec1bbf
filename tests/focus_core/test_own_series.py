"""A person's series: their splits, their scale, and padding that nothing depends on."""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from focus_core.data.own import hold
from focus_core.data.series import Labelled, pack
from focus_core.layers.padding import mean_over_time, reversed_in_time
from focus_core.systems import SYSTEMS
from focus_core.tasks.base import IGNORED, Split
from focus_core.tasks.series.data import Series
from focus_core.tasks.series.splits import Sequences, moments, read_splits
from focus_core.training.network import SequenceModel, build_model
from tests.configs import model_config, task_config

L, CHANNELS = 16, 2
Array = np.ndarray[Any, Any]


def numbered(first: int, count: int) -> tuple[list[Array], list[Labelled]]:
    """Sequences of classes a, b and c, whose first channel is the number of the sequence."""
    pick = np.random.default_rng(first)
    arrays = []
    for number in range(first, first + count):
        values = pick.normal(5 * (number % 3), 2, (int(pick.integers(4, L + 1)), CHANNELS))
        values[:, 0] = number
        arrays.append(values.astype("<f4"))
    labels = ["abc"[number % 3] for number in range(first, first + count)]
    return arrays, [
        Labelled(values.tobytes(), len(values), label)
        for values, label in zip(arrays, labels, strict=True)
    ]


ARRAYS, TRAIN = numbered(0, 60)
MORE_ARRAYS, TEST = numbered(60, 30)
BOTH, ALONE = pack(CHANNELS, TRAIN, TEST), pack(CHANNELS, TRAIN)


def task(content: bytes, seed: int = 0, **fields: Any) -> Series:
    usual = {"length": L, "eval_sequences": 12, "test_sequences": 12, "digest": hold(content)}
    return Series(task_config(name="series", **usual | fields), seed)


def splits(content: bytes, test_share: float | None = None) -> dict[Split, Sequences]:
    return read_splits(hold(content), L, 0.2, test_share)


def numbers(found: dict[Split, Sequences]) -> dict[Split, list[int]]:
    """The numbers of the sequences: standardising one channel keeps the order of its values."""
    firsts = {split: part.values_NLC[:, 0, 0].tolist() for split, part in found.items()}
    order = {
        value: n for n, value in enumerate(sorted(v for each in firsts.values() for v in each))
    }
    return {split: [order[value] for value in each] for split, each in firsts.items()}


def test_an_archives_test_part_is_kept_and_validation_is_cut_from_training() -> None:
    found = numbers(splits(BOTH))
    assert found["test"] == list(range(60, 90))
    assert sorted(found["train"] + found["validation"]) == list(range(60))
    assert Counter(n % 3 for n in found["validation"]) == {0: 4, 1: 4, 2: 4}


def test_without_a_test_part_a_share_of_every_class_is_cut() -> None:
    found = numbers(splits(ALONE, test_share=0.25))
    assert sorted(n for part in found.values() for n in part) == list(range(60))
    assert {split: len(part) for split, part in found.items()} == {
        "train": 36, "validation": 9, "test": 15,
    }  # fmt: skip
    assert Counter(n % 3 for n in found["test"]) == {0: 5, 1: 5, 2: 5}


def test_the_cuts_are_the_same_for_every_seed() -> None:
    one, other = task(BOTH, seed=0), task(BOTH, seed=1)
    assert torch.equal(one.validation().inputs_BL, other.validation().inputs_BL)
    assert torch.equal(one.test().inputs_BL, other.test().inputs_BL)
    assert not torch.equal(one.train_batch(0, 8).inputs_BL, other.train_batch(0, 8).inputs_BL)


def by_hand(which: list[int]) -> tuple[Array, Array]:
    """Mean and deviation of each channel over the positions of these sequences."""
    positions = np.concatenate([[*ARRAYS, *MORE_ARRAYS][number] for number in which])
    return positions.mean(axis=0, dtype=np.float64), positions.std(axis=0, dtype=np.float64)


def scaled_by(which: list[int], number: int) -> Array:
    mean_C, std_C = by_hand(which)
    scaled: Array = ([*ARRAYS, *MORE_ARRAYS][number] - mean_C) / std_C
    return scaled


def test_the_scale_is_that_of_the_training_split_alone() -> None:
    found = splits(BOTH)
    which = numbers(found)
    part, length = found["test"], int(found["test"].lengths_N[0])
    got = part.values_NLC[0, :length].numpy()
    np.testing.assert_allclose(got, scaled_by(which["train"], 60), rtol=1e-4, atol=1e-5)
    for others in (list(range(90)), which["train"] + which["validation"]):  # controls
        assert np.abs(got - scaled_by(others, 60)).max() > 1e-3


def some(values_NLC: torch.Tensor, lengths: list[int]) -> Sequences:
    count = len(lengths)
    classes_N = torch.zeros(count, dtype=torch.int64)
    return Sequences(values_NLC, torch.tensor(lengths), classes_N, torch.zeros(count, 0))


def test_a_channel_that_never_changes_becomes_zero() -> None:
    scale, _ = moments(some(torch.full((3, 4, 1), 7.0), [4, 2, 1]))
    assert (scale.mean.item(), scale.std.item()) == (7.0, 1.0)
    assert scale.applied(torch.tensor(7.0)) == 0


def test_what_lies_behind_an_end_is_no_part_of_the_scale() -> None:
    values_NLC = torch.arange(12.0).view(2, 6, 1)
    dirty_NLC = values_NLC.clone()
    dirty_NLC[1, 2:] = 1e6
    clean, dirty = (moments(some(values, [6, 2]))[0] for values in (values_NLC, dirty_NLC))
    assert clean == dirty
    assert moments(some(dirty_NLC, [6, 6]))[0] != dirty  # control


def test_a_batch_has_padded_values_lengths_and_classes() -> None:
    batch = task(BOTH).test()
    assert batch.lengths_B is not None
    for row, number in enumerate(range(60, 72)):
        length = int(batch.lengths_B[row])
        assert length == len(MORE_ARRAYS[row])
        assert not batch.inputs_BL[row, length:].any()
        assert batch.targets_BL[row].tolist() == [number % 3]
    last = task(BOTH, readout="last").test()
    assert (last.targets_BL != IGNORED).sum(dim=1).tolist() == [1] * 12
    for row in range(12):
        assert last.targets_BL[row, len(MORE_ARRAYS[row]) - 1] == (60 + row) % 3


@pytest.mark.parametrize("readout", ["mean", "last"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("mixer", sorted(SYSTEMS))
def test_padding_changes_no_answer(mixer: str, bidirectional: bool, readout: str) -> None:
    """Whatever is behind a sequence's end; without the lengths, it changes the answer."""
    net = network(mixer, bidirectional)
    batch = task(BOTH, readout=readout).test()
    lengths_B = batch.lengths_B
    assert lengths_B is not None
    garbage_BLC = batch.inputs_BL.clone()
    garbage_BLC[torch.arange(L) >= lengths_B[:, None]] = 50.0
    with torch.no_grad():
        clean, dirty = (net(x, lengths_B) for x in (batch.inputs_BL, garbage_BLC))
        blind = net(garbage_BLC)
    if readout == "last":
        each = (torch.arange(12), lengths_B - 1)
        with torch.no_grad():
            clean, dirty = (net.each_position(x, lengths_B)[each]
                            for x in (batch.inputs_BL, garbage_BLC))  # fmt: skip
            blind = net.each_position(garbage_BLC)[each]
    torch.testing.assert_close(clean, dirty, rtol=1e-4, atol=1e-5)
    reads_padding = readout == "mean" or bidirectional
    assert bool((blind - clean).abs().max() > 1e-2) == reads_padding  # control


def network(mixer: str, bidirectional: bool) -> SequenceModel:
    model = model_config(mixer=mixer, width=8, layers=1, bidirectional=bidirectional)
    net = build_model(
        model.resolved(L), vocab_size=None, num_outputs=3, max_length=L, readout="mean",
        channels=CHANNELS,
    )  # fmt: skip
    return net.eval()


def test_a_longer_padding_changes_no_answer() -> None:
    net = network("transformer", bidirectional=True)
    batch = task(BOTH).test()
    short = batch.inputs_BL[:, :4].clone()
    with torch.no_grad():
        alone = net(short)
        padded = net(torch.nn.functional.pad(short, (0, 0, 0, 12)), torch.full((12,), 4))
    torch.testing.assert_close(alone, padded, rtol=1e-4, atol=1e-5)


def test_a_sequence_is_reversed_within_its_own_length() -> None:
    x_BLD = torch.arange(10.0).view(2, 5, 1)
    back_BLD = reversed_in_time(x_BLD, torch.tensor([5, 3]))
    assert back_BLD.flatten().tolist() == [4, 3, 2, 1, 0, 7, 6, 5, 8, 9]
    assert torch.equal(reversed_in_time(back_BLD, torch.tensor([5, 3])), x_BLD)
    assert mean_over_time(x_BLD, torch.tensor([5, 3])).flatten().tolist() == [2.0, 6.0]
    whole = torch.tensor([5, 5])
    assert torch.equal(reversed_in_time(x_BLD, whole), reversed_in_time(x_BLD, None))
    torch.testing.assert_close(mean_over_time(x_BLD, whole), mean_over_time(x_BLD, None))


def test_balanced_accuracy_is_the_mean_over_classes() -> None:
    """Always class a, of 10 tests of each class; then always right, and with unequal classes."""
    built = task(BOTH, test_sequences=30)
    always = torch.tensor([1.0, 0.0, 0.0])
    said = built.closing_scores(lambda x, lengths: always.expand(len(x), 1, 3))
    assert said == {"balanced_accuracy": pytest.approx(1 / 3)}
    few = task(BOTH, test_sequences=4)  # a, b, c, a
    assert few.closing_scores(lambda x, _: always.expand(len(x), 1, 3)) == {
        "balanced_accuracy": pytest.approx(1 / 3)
    }
    total, count = few.score(always.expand(4, 1, 3), few.test().targets_BL)
    assert total / count == 0.5  # accuracy is another number


def test_a_block_is_a_function_of_what_is_in_it() -> None:
    assert pack(CHANNELS, TRAIN, TEST) == BOTH
    assert pack(CHANNELS, TRAIN[::-1], TEST) != BOTH
    head = struct.calcsize("f")
    assert len(BOTH.split(b"\n", 1)[1]) == head * CHANNELS * sum(
        len(values) for values in (*ARRAYS, *MORE_ARRAYS)
    )
