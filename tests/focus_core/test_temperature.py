"""Sampling at any temperature, from the smallest positive number to the largest."""

from __future__ import annotations

import itertools
import random
import sys

import pytest
import torch

from focus_core.config import TrialConfig
from focus_core.errors import UserError
from focus_core.tools.generation import generate
from focus_core.training.network import SequenceModel, build_model

SYMBOLS, LENGTH = 20, 12
EDGES = [5e-324, 1e-308, sys.float_info.min, 1e-300, 1e-45, 1.0, 1e300, 1e308, sys.float_info.max]


@pytest.fixture(scope="module")
def net() -> SequenceModel:
    model = TrialConfig().override({"model.mixer": "flash_transformer", "model.width": 8}).model
    return build_model(model, vocab_size=SYMBOLS, num_outputs=SYMBOLS, max_length=64).eval()


def text(net: SequenceModel, temperature: float, seed: int = 0) -> list[int]:
    tokens = generate(net, torch.tensor([3, 1]), temperature=temperature, seed=seed)
    return list(itertools.islice(tokens, LENGTH))


def temperatures(low: float, high: float, count: int) -> list[float]:
    draws = random.Random(3)
    return [10 ** draws.uniform(low, high) for _ in range(count)]


@pytest.mark.parametrize("temperature", [*EDGES, *temperatures(-323, 308, 60)])
def test_sampling_at_any_temperature_gives_symbols(net: SequenceModel, temperature: float) -> None:
    tokens = text(net, temperature)
    assert len(tokens) == LENGTH
    assert set(tokens) <= set(range(SYMBOLS))


@pytest.mark.parametrize("temperature", [*EDGES[:5], *temperatures(-323, -12, 40)])
def test_sampling_at_a_tiny_temperature_is_the_same_as_0(
    net: SequenceModel, temperature: float
) -> None:
    assert text(net, temperature, seed=5) == text(net, 0.0)


def test_sampling_at_a_tiny_temperature_settles_ties_as_0_does(net: SequenceModel) -> None:
    even = build_model(
        TrialConfig().override({"model.mixer": "flash_transformer", "model.width": 8}).model,
        vocab_size=SYMBOLS,
        num_outputs=SYMBOLS,
        max_length=64,
    )
    with torch.no_grad():
        for weight in even.parameters():
            weight.zero_()
    assert text(even, 1e-308) == text(even, 0.0)
    assert len(set(text(even, 1e-3))) > 1


def test_a_high_temperature_makes_every_symbol_as_likely(net: SequenceModel) -> None:
    counts = torch.zeros(SYMBOLS)
    for seed in range(60):
        for token in text(net, 1e308, seed):
            counts[token] += 1
    assert counts.min() > 0
    assert counts.max() < 4 * counts.mean()


def test_a_quotient_that_overflows_is_seen(net: SequenceModel) -> None:
    """Negative control: the logits themselves, divided by it, are infinite."""
    assert torch.softmax(torch.tensor([1.0, 2.0]).double() / 1e-308, dim=-1).isnan().all()


def test_a_network_that_diverged_says_so() -> None:
    model = TrialConfig().override({"model.mixer": "flash_transformer", "model.width": 8}).model
    lost = build_model(model, vocab_size=SYMBOLS, num_outputs=SYMBOLS, max_length=64)
    with torch.no_grad():
        next(lost.parameters()).fill_(float("nan"))
    for temperature in (0.0, 1e-308, 0.8):
        with pytest.raises(UserError, match="is no number: choose a --seed"):
            text(lost, temperature)
