"""Registered means tested: every mixer builds, trains, reads what it says, counts what it should.

That each is causal and prefix consistent is in ``test_every_variant``: every mixer is a variant.
"""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core import systems
from focus_core.config import Scalar, TrainConfig, TrialConfig
from focus_core.layers.mixer import Mixer
from focus_core.metrics import declared
from focus_core.systems import SYSTEMS, mixer_class
from focus_core.training.loop import fit
from focus_core.training.network import build_model
from focus_core.training.optimiser import parameter_groups
from search_spaces.variants import VARIANTS
from tests.configs import model_config
from tests.focus_core.causality import LENGTH, future, prefix_gap, small_config

EVERY = pytest.mark.parametrize("mixer", SYSTEMS)


def test_every_table_has_every_mixer() -> None:
    for name, system in SYSTEMS.items():
        assert system.config().mixer == name
        assert issubclass(mixer_class(name), Mixer)
    folders = {p.parent.name for p in Path(systems.__file__).parent.glob("*/__init__.py")}
    assert folders == {system.mixer.split(".")[2] for system in SYSTEMS.values()}
    varied = {v.changes.get("model.mixer", "focus") for v in VARIANTS.values()}
    assert varied == set(SYSTEMS)


@EVERY
def test_it_takes_training_steps_and_the_loss_falls(mixer: str) -> None:
    """As language: tokens out are tokens in, so that a tied head is tied."""
    model = small_config(mixer=mixer, dropout=0.1)
    net = build_model(model, vocab_size=9, num_outputs=9, max_length=LENGTH).train()
    assert (net.head.weight is net.embedding.weight) == SYSTEMS[mixer].config.frame.tied_head
    optimizer = torch.optim.AdamW(parameter_groups(net, TrainConfig()))
    start = torch.randint(9, (8, 1), generator=torch.Generator().manual_seed(0))
    tokens_BT = (start + torch.arange(LENGTH)) % 9  # the next is one more
    losses = []
    torch.manual_seed(0)
    for _ in range(25):
        logits = net(tokens_BT[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), tokens_BT[:, 1:].flatten())
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert losses[0] < 5
    assert losses[-1] < 0.9 * losses[0]
    named = net.named_parameters()
    assert [n for n, p in named if p.grad is None or not p.grad.abs().max() > 0] == []


@EVERY
def test_a_trial_of_it_is_trained_and_scored(mixer: str) -> None:
    changes: dict[str, Scalar] = {
        "model.mixer": mixer,
        "model.width": 16,
        "train.steps": 2,
        "train.eval_every": 1,
    }
    changes |= {"train.warmup_steps": 0, "task.eval_sequences": 8, "task.test_sequences": 8}
    reports: list[dict[str, float]] = []
    trial = TrialConfig().override(changes)
    fit(trial, [0], reports.append, device=torch.device("cpu"))
    assert all(map(declared, reports[-1]))
    assert reports[-1]["leak"] < 1e-5
    alone, chance = reports[-1]["window_ceiling"], reports[-1]["chance"]
    if SYSTEMS[mixer].config.frame.chunked or mixer == "short_conv":  # nothing to be had so near
        assert alone == chance
    elif mixer == "transformer_xl":  # two layers: the last 48 of 64 tokens
        assert chance < alone < 1.0
    else:
        assert alone == 1.0


@EVERY
def test_a_tied_network_is_causal_too(mixer: str) -> None:
    model = small_config(mixer=mixer)
    net = build_model(model, vocab_size=5, num_outputs=5, max_length=LENGTH).double().eval()
    assert future(net) < 1e-12
    assert prefix_gap(net) < 1e-12


def steps_elsewhere(net: nn.Module) -> str:
    """A forward and a backward pass on the meta device, which refuses to add what is elsewhere."""
    tokens_BL = torch.zeros(2, LENGTH - 1, dtype=torch.int64, device="meta")
    logits = net(tokens_BL)
    logits.sum().backward()
    return str(logits.device.type)


@EVERY
def test_it_works_where_its_parameters_are(mixer: str) -> None:
    with torch.device("meta"):
        net = build_model(small_config(mixer=mixer), vocab_size=9, num_outputs=9, max_length=LENGTH)
    assert steps_elsewhere(net) == "meta"


def test_negative_control_a_tensor_left_behind_is_seen() -> None:
    class Behind(torch.nn.Embedding):
        def forward(self, tokens_BL: Tensor) -> Tensor:
            return super().forward(tokens_BL) + torch.arange(8.0)

    with pytest.raises(RuntimeError, match="cpu"):
        steps_elsewhere(Behind(9, 8, device="meta"))


FIELDS: dict[str, Scalar] = {
    "heads": 2, "chunk_length": 4, "sliding": True, "key_width": 6, "value_width": 6,
    "ffn_width": 10, "layers": 1, "ema_size": 2, "state_size": 6, "taps": 2, "implicit_width": 7,
    "implicit_features": 7, "implicit_frequency": 3.0, "position_bias": "layer",
    "feed_forward": False, "order": 1, "filters": 2, "bin_length": 4, "oversampling": 1,
    "hyper_width": 6, "gain": "l2", "parameterisation": "lattice", "global_conv": "none",
    "filter": "ema",
}  # fmt: skip


@EVERY
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_of_the_identity_where_it_changes_the_function(mixer: str, field: str) -> None:
    """And nowhere else: no dead knob gives a trial a second id, no live one is forgotten."""
    before: dict[str, Scalar] = {
        "task.length": 24,
        "task.gap": 12,
        "model.mixer": mixer,
        "model.width": 8,
    }
    before |= {"model.bin_length": 6, "model.chunk_length": 8}
    trials = [
        TrialConfig().override(before | change)
        for change in ({}, {f"model.{field}": FIELDS[field]})
    ]
    tokens = torch.randint(9, (2, 24), generator=torch.Generator().manual_seed(0))
    one, other = (
        build_model(t.resolved_model(), vocab_size=9, num_outputs=9, max_length=24) for t in trials
    )
    with torch.no_grad():
        same = torch.equal(one(tokens), other(tokens))
    assert same == (trials[0].trial_id == trials[1].trial_id)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mixer": "gpt2", "heads": 3}, "model.heads = 3 must divide model.width = 64"),
        ({"mixer": "mega", "chunk_length": 15}, "model.chunk_length = 15 does not divide"),
        ({"mixer": "mega", "key_width": 5}, "model.key_width = 5 must be even"),
        ({"mixer": "transformer_xl", "chunks": 4}, "model.chunks is a count"),
        ({"mixer": "transformer_xl", "bins": 4}, "model.bins is a count"),
        ({"mixer": "mega", "bins": 4}, "model.bins is a count"),
        ({"mixer": "s4", "state_size": 7}, "model.state_size = 7 must be even"),
        ({"mixer": "hyena", "implicit_features": 4}, "model.implicit_features = 4 must be odd"),
        (
            {"mixer": "rnn"},
            "unknown model.mixer 'rnn'; there are focus, flash_transformer, transformer",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(
    changes: dict[str, Scalar], message: str
) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the message is compared below
        TrialConfig().override({f"model.{name}": value for name, value in changes.items()})
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


BYTES: dict[str, Scalar] = {"width": 512, "ffn_width": 1024}
MEGA: dict[str, Scalar] = {"layers": 12, "ema_size": 16, "chunk_length": 2048, **BYTES}
PUBLISHED: dict[str, tuple[dict[str, Scalar], int, int, float]] = {
    "GPT-2, 124M": ({"mixer": "gpt2", "width": 768, "layers": 12, "heads": 12}, 50257, 1024, 124.4),
    "Mega, enwik8": ({"mixer": "mega", **MEGA}, 205, 2048, 39.1),
    "Transformer-XL, enwik8, 12 layers": (
        {"mixer": "transformer_xl", "width": 512, "layers": 12, "heads": 8}, 204, 512, 41.1,
    ),
    "Focus": ({"layers": 8, "hyper_width": 16, "bin_length": 64, **BYTES}, 256, 2048, 22.3),
    "Focus-H": ({"layers": 8, "filter": "static", "bin_length": 64, **BYTES}, 256, 2048, 21.3),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_has_as_many_parameters_as_published(name: str) -> None:
    fields, vocabulary, length, millions = PUBLISHED[name]
    with torch.device("meta"):  # shapes alone: no memory, no time
        net = build_model(
            model_config(**fields), vocab_size=vocabulary, num_outputs=vocabulary, max_length=length
        )
    assert round(sum(p.numel() for p in net.parameters()) / 1e6, 1) == millions
