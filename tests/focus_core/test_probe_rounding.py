"""Rounding is never taken for a look into the future, and a look into the future always is one."""

import random

import pytest
from torch import nn

from focus_core.config import TrialConfig
from focus_core.training.causality import causality_leak
from focus_core.training.limits import LEAK_TOLERANCE
from focus_core.training.network import SequenceModel, build_model
from focus_core.training.start import init_weights
from search_spaces.variants import VARIANTS

VOCABULARY, LENGTH = 12, 64
LEAKY = [name for name, variant in VARIANTS.items() if not variant.causal]
CAUSAL = [name for name in VARIANTS if name not in LEAKY]
FOUND = [("s4d", 2, 15), ("s4d", 2, 36)]  # 0.0083 in float32


def drawn(names: list[str], each: int) -> list[tuple[str, int, int]]:
    """Every name with widths and seeds of its own."""
    draws = random.Random(0)
    widths = [8, 16, 32, 64]  # every variant's
    if names == ["s4d"]:
        widths += [2, 4, 6]
    return [(n, draws.choice(widths), draws.randrange(200)) for n in names for _ in range(each)]


def leak(name: str, width: int, seed: int) -> float:
    changes = {"model.width": width, "model.layers": 2, "task.length": LENGTH}
    trial = TrialConfig().override(changes | VARIANTS[name].changes)
    net = build_model(
        trial.resolved_model(), vocab_size=VOCABULARY, num_outputs=8, max_length=LENGTH
    )
    init_weights(net, seed)
    return causality_leak(net, VOCABULARY, LENGTH, seed)


@pytest.mark.parametrize(("name", "width", "seed"), FOUND + drawn(CAUSAL, 1) + drawn(["s4d"], 8))
def test_rounding_is_no_look_into_the_future(name: str, width: int, seed: int) -> None:
    assert leak(name, width, seed) < LEAK_TOLERANCE / 100


@pytest.mark.parametrize(("name", "width", "seed"), drawn(LEAKY, 4))
def test_a_look_into_the_future_is_seen_at_every_width(name: str, width: int, seed: int) -> None:
    """Negative control of the certificate."""
    assert leak(name, width, seed) > LEAK_TOLERANCE


def test_float32_would_raise_a_false_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control of the float64 copy."""
    monkeypatch.setattr(SequenceModel, "double", nn.Module.float)
    assert leak(*FOUND[0]) > LEAK_TOLERANCE
