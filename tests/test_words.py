"""A word of the command line is read as what its field declares; nothing is given twice."""

from __future__ import annotations

import dataclasses
import itertools
import random
import typing
from collections.abc import Callable
from typing import Any, Literal

import pytest

from focus_core.config import TrainConfig, known_keys, read_value
from focus_core.errors import UserError
from focus_core.options.words import WRONG, parts, read_word
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS
from search_spaces.space import Space, choices
from search_spaces.variants import VARIANTS
from sweeps.launch import main
from sweeps.planning.flags import build_parser
from sweeps.planning.plan import make_plan
from sweeps.planning.question import parse_settings
from tests.test_command_line import start

CONFIGS = [("train", TrainConfig), *(("task", task.config) for task in TASKS.values())]
CONFIGS += [("model", system.config) for system in SYSTEMS.values()]
KINDS: dict[str, Any] = {
    f"{section}.{field}": kind
    for section, config in CONFIGS
    for field, kind in typing.get_type_hints(config).items()
    if typing.get_origin(kind) is not typing.ClassVar
}
LISTED = {
    (key, value)
    for key, kind in KINDS.items()
    for part in parts(kind)
    if typing.get_origin(part) is Literal
    for value in typing.get_args(part)
}


def spelled(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def drawn(kind: Any, draws: random.Random) -> Any:
    """A value of ``kind``."""
    kind = draws.choice(parts(kind))
    if typing.get_origin(kind) is Literal:
        return draws.choice(typing.get_args(kind))
    made: dict[Any, Callable[[], Any]] = {
        bool: lambda: draws.random() < 0.5,
        int: lambda: draws.choice((0, 1, draws.randint(-99, 99), draws.randint(0, 10**9))),
        float: lambda: draws.choice((0.0, 1e-300, draws.gauss(0, 1), 10 ** draws.uniform(-30, 30))),
        str: lambda: draws.choice(("3", "none", "true", "1e-3", "recall")),
    }
    return made[kind]() if kind in made else None


def test_every_field_is_known_here() -> None:
    assert set(KINDS) == set(known_keys())
    assert len(LISTED) > 50
    assert {value for _, value in LISTED} >= {"none", "causal"}


def test_a_word_that_a_field_lists_is_that_word() -> None:
    for key, value in sorted(LISTED):
        assert parse_settings([f"{key}={value}"]) == {key: value}


@pytest.mark.parametrize("space", ["order", "nfft_bins"])
def test_no_listed_word_is_refused_for_its_kind(space: str) -> None:
    """Some combinations cannot be built, and are refused for that."""
    answers = {f"{key}={value}": answered(space, f"{key}={value}") for key, value in sorted(LISTED)}
    of_kind = {w: a for w, a in answers.items() if "must be" in a or "not None" in a}
    assert of_kind == {}
    assert list(answers.values()).count("planned") > 10


def answered(space: str, word: str) -> str:
    words = ["--space", space, "--set", word, "--home", "nowhere"]
    try:
        make_plan(build_parser().read(words))
    except UserError as error:
        return str(error)
    return "planned"


def test_every_value_of_every_field_is_read_back_from_its_word() -> None:
    draws = random.Random(9)
    for key, kind in KINDS.items():
        for _ in range(40):
            value = drawn(kind, draws)
            found = read_value(key, spelled(value))
            assert found == value, key
            assert type(found) is type(value), key


RIGHT: list[tuple[Any, str, Any]] = [
    *((bool, word, True) for word in ("true", "True", "TRUE", "1")),
    *((bool, word, False) for word in ("false", "False", "0")),
    *((int, word, 3) for word in ("3", "+3", "003")),
    *((int, word, 1000) for word in ("1000", "1_000")),
    *((float, word, 1e-3) for word in ("1e-3", "1E-3", "0.001", ".001", "+1e-03")),
    *((float, word, 3.0) for word in ("3", "3.0", "3.")),
    *((int | None, word, None) for word in ("none", "None", "NONE", "null")),
    (int | None, "4", 4),
    (str, "3", "3"),
    (str, "none", "none"),
    (str, "", ""),
    (str | None, "none", None),
    (Literal["none", "l2"], "none", "none"),
    (Literal["none", "l2"] | None, "none", "none"),
    (Literal["none", "l2"] | None, "null", None),
    (Literal["1", "true"], "true", "true"),
    (Literal["1", "2"], "1", "1"),
]
NEVER_NUMBERS: tuple[str, ...] = (
    "",
    " ",
    "three",
    "0x10",
    "inf",
    "-inf",
    "nan",
    "1__0",
    "_1",
    "\u0663",
    "\uff13",
)
NEVER_NUMBERS += ("1,000", "1 000", " 3", "3\n", "--3", "e3", "1e", "true", "9" * 5000 + "x")
REFUSED: list[tuple[Any, str]] = [
    *itertools.product((int, float, int | None, float | None), NEVER_NUMBERS),
    *((int, word) for word in ("3.0", "1e3", "none", "-", "9" * 5000)),
    *((float, word) for word in ("none", ".", "1.2.3", "+")),
    *((bool, word) for word in ("yes", "2", "", "none", "t", "1.0", "01")),
    *((Literal["none", "l2"], word) for word in ("None", "NONE", "null", "l3", "", " l2")),
    (Literal["a"], "none"),
]


@pytest.mark.parametrize(("kind", "word", "value"), RIGHT)
def test_what_a_word_says_depends_on_the_kind(kind: Any, word: str, value: Any) -> None:
    found = read_word(word, kind)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("kind", "word"), REFUSED, ids=lambda v: str(v)[:20])
def test_a_word_of_another_kind_is_refused(kind: Any, word: str) -> None:
    assert read_word(word, kind) is WRONG


def test_a_pinned_axis_is_read_as_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = choices("model.theta_rank", None, 4, 16)
    arms = choices("variant", *list(VARIANTS)[:2])
    from search_spaces.order import SPACE

    base = lambda: SPACE.base().override({"model.filter": "coupled"})  # noqa: E731
    rates = choices("train.learning_rate", 1e-3, 3e-3)
    space = dataclasses.replace(SPACE, axes=(ranks, rates), base=base, name="odd")
    plans = {word: pinned(space, f"model.theta_rank={word}", monkeypatch) for word in ("none", "4")}
    assert [plan.base.model.theta_rank for plan in plans.values()] == [None, 4]
    assert all(len(plan.space.axes) == 1 for plan in plans.values())
    space = dataclasses.replace(SPACE, axes=(arms, rates), name="odd")
    for name in arms.values():
        assert pinned(space, f"variant={name}", monkeypatch).trials == len(rates.values())


def pinned(space: Space, word: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("sweeps.planning.question.load", lambda name: space)
    return make_plan(build_parser().read(["--space", "odd", "--set", word, "--home", "nowhere"]))


@pytest.mark.parametrize(
    "words",
    [
        ["model.filter=none", "model.order=2", "model.parameterisation=sigmoid"],
        ["model.gain=none"],
        ["model.attention=none"],
        ["model.global_conv=none"],
    ],
    ids=lambda words: words[0],
)
def test_the_word_none_through_the_real_command(words: list[str], tmp_path: Any) -> None:
    home = ["--home", str(tmp_path / "home")]
    done = start(
        ["sweeps/launch.py", "--space", "order", "--dry-run", *home, "--set", *words], tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


TWICE = [
    *itertools.combinations(["train.steps=50", "train.steps=60", "train.steps=+50"], 2),
    ("model.gain=none", "model.gain=none"),
]
FLAGS = {
    action.option_strings[0]: action.nargs
    for action in build_parser()._actions
    if action.option_strings[0] not in ("-h", "--set")
}


@pytest.mark.parametrize("pair", TWICE)
@pytest.mark.parametrize("apart", [True, False])
def test_a_key_given_twice_is_refused(
    pair: tuple[str, str], apart: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--set", pair[0], *(["--set"] if apart else []), pair[1]]
    assert main(["--space", "order", "--dry-run", *words]) == 2
    assert "is given twice: keep one" in capsys.readouterr().err


@pytest.mark.parametrize("flag", [flag for flag, nargs in FLAGS.items() if nargs is None])
@pytest.mark.parametrize("joined", [True, False])
def test_a_flag_given_twice_is_refused(
    flag: str, joined: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    once = [f"{flag}=1"] if joined else [flag, "1"]
    assert main([*once, flag, "2"]) == 2
    assert f"{flag} is given twice" in capsys.readouterr().err


def test_what_may_be_given_twice(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--set", "train.steps=50", "--set", "train.clip=1", "--local", "--local"]
    assert main(["--space", "order", "--dry-run", *words]) == 0
