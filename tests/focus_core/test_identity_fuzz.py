"""What travels to a worker is the canonical form: it must be the very trial that was planned."""

from __future__ import annotations

import random

import pytest
import torch

from focus_core.config import Scalar, TrialConfig, from_flat
from focus_core.training.causality import causality_leak
from focus_core.training.network import build_model
from focus_core.training.start import init_weights

CHOICES: dict[str, tuple[Scalar, ...]] = {
    "model.mode": ("strict", "paper"),
    "model.mixer": (*("focus",) * 5, "flash_transformer", "transformer_xl", "hyena", "s4"),
    "model.feed_forward": (True, True, False),
    "model.ffn_width": (None, 12),
    "model.position_bias": ("shared", "layer"),
    "model.implicit_frequency": (10.0, 14.0),
    "model.implicit_frequency_trained": (True, False),
    "model.implicit_features_trained": (False, True),
    "model.filter": ("adaptive", "adaptive", "adaptive", "static", "coupled", "ema", "none"),
    "model.realisation": ("recurrence", "sampled", "literal", "circular"),
    "model.carry": (False, True),
    "model.static_per": ("sequence", "bin"),
    "model.order": (1, 2, 2, 4),
    "model.filters": (1, 2),
    "model.parameterisation": ("sigmoid", "lattice", "ek", "triangle", "polar", "cascade", "ema"),
    "model.gain": ("none", "l2", "dc", "peak"),
    "model.bin_length": (1, 4, 8, 20, 40),
    "model.bins": (None, None, 1, 5),
    "model.chunk_length": (8, 40),
    "model.chunks": (None, None, 5),
    "model.nfft": (None, None, 64),
    "model.nfft_factor": (1, 2),
    "model.oversampling": (1, 4),
    "model.theta_shift": (0, 1, 2, 9),
    "model.global_conv": ("causal", "circular", "none", "ema", "layer", "two_sided"),
    "model.ema_size": (1, 4),
    "model.key_from": ("filtered", "input"),
    "model.value_from": ("filtered", "input"),
    "model.gates_from": ("filtered", "input"),
    "model.attention": ("chunked", "chunked", "none"),
    "model.short_conv": (0, 4),
    "model.filter_skip": (False, True),
    "model.pooling": ("max", "avg", "last", "lse"),
    "model.hyper_activation": ("sigmoid", "tanh", "relu", "linear"),
    "model.hyper_scope": ("layer", "shared"),
    "model.theta_init": ("hyperfan_in", "hyperfan_out", "xavier", "identity", "mid"),
    "model.first_bin": ("learned", "half", "zero", "roll"),
    "model.theta": ("token", "bin", "static"),
    "model.theta_rank": (None, 2),
    "model.poles": ("complex", "real"),
    "model.time_min": (1.5, 3.0),
    "model.layers": (1, 2),
    "train.conv_learning_rate": (0.01, 0.1),
}


def draw(seed: int) -> TrialConfig | None:
    """A random config, or None when its rules refuse it."""
    pick = random.Random(seed)
    point = {key: pick.choice(values) for key, values in CHOICES.items()}
    small = {"task.length": 40, "model.width": 8}
    try:
        return TrialConfig().override(small | point)
    except ValueError:
        return None


VALID = [trial for seed in range(2500) if (trial := draw(seed)) is not None]


def net_of(trial: TrialConfig) -> torch.nn.Module:
    net = build_model(trial.resolved_model(), vocab_size=6, num_outputs=6, max_length=40)
    init_weights(net, seed=1)
    return net.double().eval()


def test_the_draw_reaches_every_corner() -> None:
    assert len(VALID) > 500
    flats = [t.flat() for t in VALID]
    for key, values in CHOICES.items():
        assert {flat[key] for flat in flats} == set(values)


def test_the_canonical_form_has_the_same_id_and_is_its_own_canonical_form() -> None:
    for trial in VALID:
        again = from_flat(trial.canonical())
        assert again.trial_id == trial.trial_id, trial
        assert again.canonical() == trial.canonical()
        assert trial.resolved().trial_id == trial.trial_id


@pytest.mark.parametrize("start", range(4))
def test_the_canonical_form_is_the_same_function(start: int) -> None:
    tokens_BL = torch.randint(6, (2, 40), generator=torch.Generator().manual_seed(0))
    for trial in VALID[start::20]:
        with torch.no_grad():
            planned, trained = (net_of(t)(tokens_BL) for t in (trial, from_flat(trial.canonical())))
        assert torch.equal(planned, trained), trial


def test_one_id_is_one_function() -> None:
    tokens_BL = torch.randint(6, (2, 40), generator=torch.Generator().manual_seed(0))
    by_id: dict[str, list[TrialConfig]] = {}
    for trial in VALID:
        by_id.setdefault(trial.trial_id, []).append(trial)
    shared = [same for same in by_id.values() if len({str(t.flat()) for t in same}) > 1]
    assert len(shared) > 20
    for same in shared[:40]:
        with torch.no_grad():
            first, *others = [net_of(t)(tokens_BL) for t in same[:3]]
        assert all(torch.allclose(first, other, atol=1e-12) for other in others), same[:3]


def test_what_promises_to_be_causal_is() -> None:
    causal = [t.resolved_model() for t in VALID if not t.resolved_model().leaks()]
    for model in causal[::10]:
        net = build_model(model, vocab_size=6, num_outputs=6, max_length=40)
        assert causality_leak(net, 6, 40, seed=0) < 1e-5, model
