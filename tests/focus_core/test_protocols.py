"""Which published protocol a trial follows: in words, from its canonical config alone."""

from __future__ import annotations

import importlib
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from focus_core.config import TrialConfig
from focus_core.tasks import TASKS
from focus_core.tasks.protocols import protocol
from focus_core.tasks.published import PUBLISHED, Protocol
from search_spaces import bases

ROOT = Path(__file__).parent.parent.parent
EVERY = pytest.mark.parametrize("known", PUBLISHED, ids=lambda known: known.name)
BASES = (
    bases.far_recall(),
    bases.recall(32),
    bases.language(),
    bases.images(),
    bases.noisy_tones(),
)


def trial(known: Protocol, **changes: Any) -> TrialConfig:
    """A trial of that protocol, with a mixer that takes any length."""
    wanted = {"model.mixer": "gpt2", "train.warmup_steps": 0, **known.settings(), **changes}
    return TrialConfig().override(wanted)


@EVERY
def test_a_trial_with_the_published_settings_is_named_by_its_protocol(known: Protocol) -> None:
    said = protocol(trial(known).canonical())
    training = "" if known.batch_size else ", own training"
    assert said == f"published: {known.name}{training}"
    for rate in known.rates:
        assert protocol(trial(known, **{"train.learning_rate": rate}).canonical()) == said


def another(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return 2 * value + 10
    words = {"single": "based", "based": "single", "all": "last", "last": "mean"}
    words |= {"urnn": "bit_reversal", "bit_reversal": "urnn"}
    return 3 if value is None else words.get(str(value), "digits")


@EVERY
def test_a_trial_that_differs_in_any_published_setting_is_not_of_that_protocol(
    known: Protocol,
) -> None:
    """The report must never call ours published; here by every single field."""
    canonical = trial(known).canonical()
    said = protocol(canonical)
    assert said.startswith("published: ")
    for key, value in known.settings().items():
        changed = protocol({**canonical, key: another(value)})
        assert changed != said, key
        if key.startswith("train."):
            assert changed == f"ours: data of {known.name}, own training"
    # Negative control: what belongs to no protocol changes nothing.
    free = {"train.clip": 9.0, "train.eval_every": 1, "task.eval_sequences": 5, "model.width": 4}
    assert protocol({**canonical, **free}) == said


@EVERY
def test_steps_may_be_counted_with_or_without_a_smaller_last_batch(known: Protocol) -> None:
    if known.batch_size is None:
        return
    size = int(str(known.data["task.train_sequences"]))
    steps = {-(-known.epochs * size // known.batch_size), known.settings()["train.steps"]}
    for count in steps:
        said = protocol(trial(known, **{"train.steps": count}).canonical())
        assert said.startswith("published: ")
    half = known.epochs * size // known.batch_size // 2
    assert protocol(trial(known, **{"train.steps": half}).canonical()).startswith("ours: data of")


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.task.name)
def test_the_quick_defaults_are_ours(base: TrialConfig) -> None:
    said = protocol(base.canonical())
    assert said.startswith("ours: ")
    assert len(said.split()) <= 8


WINDOWS = {"name": "enwik8", "test_sequences": 9}
CONTEXT = {"name": "text8", "prefix": 10**6, "context": 7}
SMNIST = {"name": "smnist", "test_sequences": 10_000}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "ours: fresh sequences each step"),
        ({"train_sequences": 70}, "ours: 70 training sequences over epochs"),
        (WINDOWS, "ours: the whole text, some windows scored"),
        (CONTEXT, "ours: a prefix, test part with context 7"),
        ({"name": "digits"}, "ours: 90 of 360 test images"),
        ({**SMNIST, "train_sequences": 54_000}, "published: S4's sMNIST, own training"),
        ({**SMNIST, "train_sequences": 50_000}, "ours: 10000 of 10000 test images"),
    ],
)
def test_what_is_ours_says_how(fields: dict[str, Any], said: str) -> None:
    name = str(fields.get("name", "recall"))
    images = getattr(TASKS[name].config, "images", None)
    usual: dict[str, Any] = {"length": images.pixels} if images else {}
    usual |= {"name": name, "eval_sequences": 90, "test_sequences": 90} | fields
    changes = {f"task.{key}": value for key, value in usual.items()}
    assert protocol(TrialConfig().override(changes).canonical()) == said


def test_any_record_gets_words_and_never_an_exception() -> None:
    """Ledgers may be old, of another version or damaged."""
    pick = random.Random(0)
    keys = sorted({key for known in PUBLISHED for key in known.settings()} | {"model.width", "?"})
    junk = [None, True, -1, 0.5, float("nan"), "", "enwik8", "mqar", [1], {"a": 1}]
    for _ in range(500):
        record = {key: pick.choice(junk) for key in pick.sample(keys, pick.randrange(len(keys)))}
        said = protocol(record)
        assert said.startswith("ours: ")
        assert "\n" not in said
    assert protocol({}) == "ours: a task of unknown name"
    assert protocol({"task.name": "gone"}) == "ours: a task of unknown name"


@pytest.mark.parametrize("name", sorted(TASKS))
def test_each_task_says_what_a_published_number_means_here(name: str) -> None:
    said = importlib.import_module(TASKS[name].module).__doc__ or ""
    assert re.search(r"Published numbers|No published number", said)
    if any(known.data["task.name"] == name for known in PUBLISHED):
        assert re.search(r"arXiv|\.py|Table|configs/", said)  # with its source


def words(known: Protocol) -> str:
    spelled = {True: "true", False: "false", None: "none"}
    return " ".join(
        f"{key}={spelled[value] if isinstance(value, bool | None) else value}"
        for key, value in known.settings().items()
    )


def test_the_document_has_the_settings_of_every_protocol() -> None:
    text = (ROOT / "docs" / "protocols.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+?) \| `(.+?)`(?: \((.+)\))? \|$", text, re.MULTILINE)
    assert [row[:3] for row in rows[1:]] == [(k.name, k.source, words(k)) for k in PUBLISHED]
    rates = [tuple(float(r) for r in row[3].split(", ")) if row[3] else () for row in rows[1:]]
    assert rates == [known.rates[1:] for known in PUBLISHED]


def test_protocols_are_told_without_torch() -> None:
    program = (
        "import sys, focus_core.tasks.protocols as p; p.protocol({}); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "False"
