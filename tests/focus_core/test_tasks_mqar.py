"""Multi-query recall against dictionaries and counting, noisy tones against numpy's transform."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch

from focus_core.config import TrialConfig
from focus_core.tasks import build_task
from focus_core.tasks.base import IGNORED, Task
from focus_core.tasks.mqar import MqarConfig
from focus_core.tasks.mqar.data import POWER
from focus_core.tasks.noisy_tones import NoisyTonesConfig
from focus_core.tasks.noisy_tones.data import frequencies
from tests.configs import task_config
from tests.focus_core.windows import aligned
from tests.narrowing import kind, known

SMALL = {"eval_sequences": 20, "test_sequences": 200}


def mqar(**fields: int) -> MqarConfig:
    usual = {"length": 32, "keys": 9, "values": 7, "pairs": 4, **SMALL}
    return kind(MqarConfig, task_config(name="mqar", **usual | fields))


def follows_the_rules(inputs: list[int], targets: list[int], task: MqarConfig) -> bool:
    """Different keys and values first; each key once more, at an even place, its value wanted."""
    body = inputs[: 2 * task.pairs]
    keys, values = body[0::2], body[1::2]
    queries = {at: want for at, want in enumerate(targets) if want != IGNORED}
    return (
        len(set(keys)) == len(set(values)) == task.pairs == len(queries)
        and all(1 <= key <= task.keys for key in keys)
        and all(task.keys < value <= task.keys + task.values for value in values)
        and all(at >= 2 * task.pairs and at % 2 == 0 for at in queries)
        and {inputs[at]: want for at, want in queries.items()}
        == dict(zip(keys, values, strict=True))
    )


@pytest.mark.parametrize("shape", [{}, {"length": 16}, {"pairs": 1}, {"keys": 4, "values": 4}])
def test_every_sequence_follows_the_rules(shape: dict[str, int]) -> None:
    task = mqar(**shape)
    for batch in (build_task(task, 1).train_batch(3, 50), build_task(task, 1).test()):
        pairs = list(zip(batch.inputs_BL.tolist(), batch.targets_BL.tolist(), strict=True))
        assert all(follows_the_rules(x, y, task) for x, y in pairs)
    inputs, targets = pairs[0]
    at = next(i for i, want in enumerate(targets) if want != IGNORED)
    targets[at] = targets[at] % (task.keys + task.values) + 1
    assert not follows_the_rules(inputs, targets, task)


def test_gaps_follow_the_power_law() -> None:
    """With one pair there is no competition for places: p(i) ~ i^(a - 1)."""
    task = mqar(pairs=1, length=22, test_sequences=1)
    targets = build_task(task, 0).train_batch(0, 20_000).targets_BL
    places = ((targets != IGNORED).nonzero()[:, 1] - 2) // 2
    seen = Counter(places.tolist())
    weights = [i ** (POWER - 1) for i in range(1, 11)]
    for i, weight in enumerate(weights):
        expected = 20_000 * weight / sum(weights)
        assert abs(seen[i] - expected) < 5 * math.sqrt(expected)
    assert abs(seen[0] - 2000) > 50 * math.sqrt(2000)  # control: it is not uniform


def test_what_is_no_pair_and_no_query_is_noise_over_all_symbols() -> None:
    task = mqar()
    batch = build_task(task, 0).train_batch(0, 4000)
    noise = batch.inputs_BL[:, 9::2].flatten().tolist()  # odd places are never a query
    seen = Counter(noise)
    assert set(seen) == set(range(17))
    assert max(seen.values()) < 1.1 * min(seen.values())


@pytest.mark.parametrize("window", [1, 3, 4, 5, 8, 12, 32])
def test_ceiling_is_the_score_of_the_best_guesser_by_simulation(window: int) -> None:
    """A guesser with a dictionary of what it sees; values drawn at random where it cannot know."""
    task = mqar(test_sequences=400)
    built = build_task(task, 2)
    pick = torch.Generator().manual_seed(0)
    right = total = 0
    for inputs, targets in zip(*(part.tolist() for part in built.test()[:2]), strict=True):
        for at in (i for i, want in enumerate(targets) if want != IGNORED):
            start = at // window * window
            pairs = [j for j in range(start, min(at, 8)) if j % 2 == 0]
            held = {inputs[j]: inputs[j + 1] for j in pairs}
            cut = inputs[start] if start % 2 and start < 8 else None
            others = [v for v in range(10, 17) if v not in held.values()]
            guess = others[int(torch.randint(len(others), (), generator=pick))]
            right += held.get(inputs[at], guess if cut is None else cut) == targets[at]
            total += 1
    error = 5 * math.sqrt(0.25 / total)
    assert abs(known(built.window_ceiling(aligned(window))) - right / total) < error


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"length": 14}, "task.length = 14: mqar needs an even number of tokens, 4 or more"),
        ({"length": 17}, "task.length = 17"),
        ({"keys": 3}, "task.keys = 3: mqar draws 4 different keys; use at least 4"),
        ({"values": 3}, "task.values = 3"),
    ],
)
def test_impossible_sequences_are_refused(changes: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TrialConfig(task=mqar(**changes))


def test_zoologys_vocabulary_is_8192() -> None:
    task = mqar(keys=4095, values=4096, length=64, test_sequences=2, eval_sequences=2)
    assert build_task(task, 0).vocab_size == 8192


def tones(**fields: object) -> tuple[NoisyTonesConfig, Task]:
    asked = task_config(name="noisy_tones", **{"length": 256, **SMALL, **fields})
    config = kind(NoisyTonesConfig, asked)
    return config, build_task(config, 0)


@pytest.mark.parametrize("band", ["high", "low"])
def test_the_class_is_the_strongest_frequency(band: str) -> None:
    """At 256 samples the spectrum of each sequence peaks at its class's tone."""
    config, built = tones(band=band)
    batch = built.test()
    spectrum = np.abs(np.fft.rfft(batch.inputs_BL.numpy(), n=4096))
    at = np.pi * spectrum.argmax(axis=1) / 2048
    nearest = np.abs(at[:, None] - frequencies(config).numpy()).argmin(axis=1)
    assert (nearest == batch.targets_BL[:, 0].numpy()).mean() > 0.97
    low, high = (np.pi / 2, np.pi) if band == "high" else (0, np.pi / 2)
    assert ((low < frequencies(config).numpy()) & (frequencies(config).numpy() < high)).all()


def test_a_tone_is_half_of_power_one_and_the_rest_is_white_noise_of_power_one() -> None:
    batch = tones(length=512)[1].train_batch(0, 400)
    assert float(batch.inputs_BL.var()) == pytest.approx(1.5, abs=0.03)
    assert float(batch.inputs_BL.mean()) == pytest.approx(0.0, abs=0.02)
    step = batch.inputs_BL[:, 0]  # over phases: no value is preferred at the start
    assert float(step.mean()) == pytest.approx(0.0, abs=5 * math.sqrt(1.5 / 400))


def test_classes_are_even_and_a_finite_set_repeats() -> None:
    seen = Counter(tones()[1].train_batch(0, 4000).targets_BL.flatten().tolist())
    assert set(seen) == set(range(8))
    assert max(seen.values()) < 1.3 * min(seen.values())
    built = tones(train_sequences=20)[1]
    first, second = built.train_batch(0, 20), built.train_batch(1, 20)
    assert torch.equal(first.inputs_BL.sort(dim=0).values, second.inputs_BL.sort(dim=0).values)
    assert not torch.equal(first.inputs_BL, second.inputs_BL)
