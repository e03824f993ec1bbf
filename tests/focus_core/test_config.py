"""Identity is derived, never spelled: one trial has one id, two trials have two."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import typing
from typing import Any

import pytest

from focus_core.config import Scalar, TrialConfig, from_flat, known_keys
from focus_core.errors import UserError
from focus_core.systems import SYSTEMS
from focus_core.systems.focus.config import FocusConfig
from focus_core.tasks import TASKS
from search_spaces.variants import VARIANTS
from tests.narrowing import kind

BASE = TrialConfig()
PAPER = BASE.override({"model.mode": "paper"})


def test_an_override_changes_what_it_names_and_nothing_else() -> None:
    changed = BASE.override({"model.order": 1, "train.learning_rate": 0.01})
    before, after = BASE.flat(), changed.flat()
    assert {k: after[k] for k in after if after[k] != before[k]} == {
        "model.order": 1,
        "train.learning_rate": 0.01,
    }
    assert kind(FocusConfig, BASE.model).order == 2


NEEDED: dict[str, dict[str, Scalar]] = {
    "pmnist": {"task.length": 784},
    "digits": {"task.eval_sequences": 90, "task.test_sequences": 90},
}
"""What a task asks for before it can be built around the default trial."""


def with_option(key: str) -> TrialConfig:
    """A trial whose system and task have that option."""
    named: list[dict[str, Scalar]] = [{"model.mixer": name} for name in SYSTEMS]
    named += [{"task.name": name, **NEEDED.get(name, {})} for name in TASKS if name != "smnist"]
    trials = [BASE, *(BASE.override(changes) for changes in named)]
    return next(trial for trial in trials if key in trial.flat().keys() - trial.unread.keys())


@pytest.mark.parametrize("key", known_keys())
def test_every_key_can_be_named(key: str) -> None:
    trial = with_option(key)
    assert trial.override({key: trial.flat()[key]}) == trial


@pytest.mark.parametrize("key", known_keys())
def test_an_option_of_another_system_waits_for_an_arm_that_has_it(key: str) -> None:
    """Named around a base that lacks it, as for the rivals of a question."""
    trial = with_option(key)
    tags = {tag: trial.flat()[tag] for tag in ("model.mixer", "task.name")}
    asked = BASE.override({key: trial.flat()[key]})
    assert asked.trial_id == BASE.trial_id
    around = trial.flat() | tags
    del around[key]
    assert asked.override(around).trial_id == trial.trial_id


def test_what_waits_is_checked_at_once_and_lost_by_nobody() -> None:
    with pytest.raises(UserError, match=r"model\.heads must be an integer, not 2\.5"):
        BASE.override({"model.heads": 2.5})
    with pytest.raises(UserError, match=r"model\.heads must be above 0, not 0"):
        BASE.override({"model.heads": 0})
    there = BASE.override({"model.order": 1, "model.heads": 4, "model.mixer": "gpt2"})
    assert there.unread == {"model.order": 1}
    assert "model.order" not in there.canonical()
    assert there.canonical()["model.heads"] == 4
    back = there.override({"model.mixer": "focus"})
    assert back.canonical() == BASE.override({"model.order": 1}).canonical()
    assert back.unread == {"model.heads": 4}


def test_an_option_is_of_one_kind_and_one_default_wherever_it_is() -> None:
    """An arm of another system takes values over."""
    for registry in (SYSTEMS, TASKS):
        found: dict[str, set[object]] = {}
        for entry in registry.values():
            hints = typing.get_type_hints(entry.config)
            for field in dataclasses.fields(entry.config):
                if field.name not in ("mixer", "name"):
                    found.setdefault(field.name, set()).add((str(hints[field.name]), field.default))
        assert {name for name, each in found.items() if len(each) > 1} == set()


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("model.oder", "model.order"),
        ("order", "model.order"),
        ("train.lr", "train.conv_learning_rate"),
        ("bin_length", "model.bin_length"),
    ],
)
def test_an_unknown_key_names_a_near_one(key: str, nearest: str) -> None:
    with pytest.raises(ValueError, match=f"unknown config key '{key}'; did you mean"):
        BASE.override({key: 1})
    if key != "train.lr":
        with pytest.raises(ValueError, match=f"did you mean '{nearest}'"):
            BASE.override({key: 1})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model.order", 2.0, "model.order must be an integer, not 2.0"),
        ("model.order", True, "model.order must be an integer, not True"),
        ("model.carry", 1, "model.carry must be true or false, not 1"),
        ("train.clip", "much", "train.clip must be a number, not 'much'"),
        ("train.clip", float("nan"), "train.clip must be a number, not nan"),
        ("model.filter", "iir", "model.filter must be one of adaptive, static"),
        ("model.nfft", "big", "model.nfft must be an integer or none, not 'big'"),
        ("task.name", 3, "task.name must be a word, not 3"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(key: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  the message is compared below
        BASE.override({key: value})
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_whole_number_is_a_number() -> None:
    assert BASE.override({"train.clip": 1}) == BASE
    assert BASE.override({"train.clip": 1}).trial_id == BASE.trial_id


@pytest.mark.parametrize("name", VARIANTS)
def test_the_canonical_form_is_the_same_trial(name: str) -> None:
    trial = BASE.override(VARIANTS[name].changes)
    assert from_flat(trial.canonical()).trial_id == trial.trial_id
    assert from_flat(trial.flat()) == trial


def test_every_variant_is_a_trial_of_its_own() -> None:
    assert len({BASE.override(v.changes).trial_id for v in VARIANTS.values()}) == len(VARIANTS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"model.filter": "none"}, {"model.filter": "none", "model.order": 1}),
        ({"model.filter": "ema"}, {"model.filter": "ema", "model.bin_length": 8}),
        ({}, {"model.nfft_factor": 4}),  # no NFFT in a recurrence
        ({}, {"model.heads": 2}),  # no heads in a Focus layer
        ({}, {"model.ffn_width": 128}),  # the default, spelled out
        (
            {"model.mixer": "flash_transformer"},
            {"model.mixer": "flash_transformer", "model.chunk_length": 8},
        ),
        (
            {"model.realisation": "sampled", "model.nfft_factor": 4},
            {"model.realisation": "sampled", "model.nfft": 64},
        ),
        (
            {"model.filter": "static", "model.carry": True},
            {"model.filter": "static", "model.carry": True, "model.bin_length": 8},
        ),
        ({"model.bin_length": 64}, {"model.bin_length": 64, "model.carry": True}),
        ({"model.bin_length": 64}, {"model.bin_length": 64, "model.global_conv": "none"}),
        ({"model.bin_length": 2}, {"model.bin_length": 2, "model.oversampling": 2}),
        ({"task.name": "recall"}, {"task.name": "recall", "task.gap": 4}),
    ],
)
def test_two_spellings_of_one_trial_have_one_id(
    one: dict[str, Scalar], other: dict[str, Scalar]
) -> None:
    assert BASE.override(one).trial_id == BASE.override(other).trial_id


def test_counts_of_the_paper_are_the_lengths_they_stand_for() -> None:
    counted = PAPER.override({"model.bins": 8, "model.chunks": 2})
    assert (
        counted.trial_id
        == BASE.override({"model.bin_length": 8, "model.chunk_length": 32}).trial_id
    )
    model = kind(FocusConfig, counted.resolved_model())
    assert (model.bin_length, model.chunk_length, model.mode) == (8, 32, "strict")


LIVE: dict[str, Scalar] = {
    "model.width": 32, "model.layers": 3, "model.dropout": 0.1, "model.chunk_length": 8,
    "model.order": 1, "model.filters": 2, "model.gain": "l2", "model.carry": True,
    "model.bin_length": 8, "model.oversampling": 2, "model.hyper_width": 8,
    "model.conv_squash": 0.0, "model.conv_dropout": 0.2, "model.key_width": 8,
    "task.length": 128, "task.keys": 5, "task.values": 5, "task.gap": 8, "task.loss": "last",
    "task.train_sequences": 10, "task.eval_sequences": 10, "task.test_sequences": 10,
    "train.steps": 10, "train.batch_size": 8, "train.learning_rate": 0.1, "train.clip": 2.0,
    "train.conv_learning_rate": 0.1, "train.schedule": "constant", "train.warmup_steps": 5,
    "train.weight_decay": 0.0, "train.eval_every": 10, "train.precision": "bf16",
}  # fmt: skip


def test_a_live_field_changes_the_id() -> None:
    smaller = BASE.override({"train.warmup_steps": 1})
    ids = {smaller.override({key: value}).trial_id for key, value in LIVE.items()}
    assert len(ids) == len(LIVE)
    assert smaller.trial_id not in ids


def test_an_id_moves_on_purpose_only() -> None:
    """Whoever changes what a config resolves to changes this line; a new option is ``later``."""
    assert BASE.trial_id == "91d49c5e4884"


def test_an_option_added_later_leaves_the_ids_of_older_trials() -> None:
    same = BASE.override({"train.precision": "float32"})
    assert "train.precision" not in same.canonical()
    changed = BASE.override({"train.precision": "bf16"})
    assert from_flat(changed.canonical()).train.precision == "bf16"
    assert changed.trial_id != same.trial_id == BASE.trial_id


def test_configs_need_no_torch() -> None:
    program = "import sys, focus_core.config, search_spaces.variants; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
