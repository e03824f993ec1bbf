"""The constructor's arguments are options like any other, or are refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from focus_core.config import TrialConfig, known_keys, read_value
from focus_core.errors import UserError
from focus_core.outside.plugin import Plugin
from focus_core.systems import SYSTEMS
from tests.plugin_files import MIXER, given, plugin

ARGUMENT = "remains: float = 0.5"
LITERAL = MIXER.replace("import torch\n", "from typing import Literal\nimport torch\n", 1)


def with_argument(text: str, source: str = MIXER) -> str:
    """The mixer with other options; they are not used."""
    return source.replace(ARGUMENT, f"{ARGUMENT}, {text}")


def test_an_option_is_read_checked_and_part_of_the_identity() -> None:
    source = with_argument(
        'taken: bool = False, kind: Literal["a", "b"] = "a", size: int | None = None', LITERAL
    )
    with given(source):
        words = {"remains": "0.25", "taken": "true", "kind": "b", "size": "none"}
        values = {f"model.{name}": read_value(f"model.{name}", w) for name, w in words.items()}
        assert list(values.values()) == [0.25, True, "b", None]
        usual = TrialConfig().override({"model.mixer": "decay"})
        ids = {usual.override({key: value}).trial_id for key, value in values.items()}
        assert len(ids) == 4  # size was None before
        assert usual.trial_id in ids
        assert usual.canonical()["model.remains"] == 0.5
        assert "model.order" not in usual.canonical()
        for key, value, said in (
            ("model.remains", 1.0, r"model.remains must be in \[0, 1\), not 1.0"),
            ("model.kind", "c", "model.kind must be one of a, b, not 'c'"),
            ("model.remain", 0.5, r"'model.remain'; did you mean 'model.remains'"),
        ):
            with pytest.raises(UserError, match=said):
                usual.override({key: value})
    assert "model.remains" not in known_keys()


def test_the_constructor_gets_what_it_asks_for(tmp_path: Path) -> None:
    source = MIXER.replace(f"width: int, {ARGUMENT}", f"width, length, layers, {ARGUMENT}")
    source = source.replace(
        "super().__init__()", "super().__init__()\n        self.got = (width, length, layers)"
    )
    with given(source):
        model = (
            TrialConfig()
            .override({"model.mixer": "decay", "model.width": 6, "model.layers": 3})
            .resolved_model()
        )
        built: Any = model
        assert built.made(20).got == (6, 20, 3)


def test_a_constructor_that_refuses_its_options_refuses_the_config() -> None:
    source = MIXER.replace(
        "super().__init__()",
        'super().__init__()\n        if width % 2:\n            raise ValueError("an odd width")',
    )
    said = r"model.mixer=decay cannot be built: ValueError: an odd width \(width=7, remains=0.5\)"
    with given(source), pytest.raises(UserError, match=said):
        TrialConfig().override({"model.mixer": "decay", "model.width": 7})


def test_the_name_is_the_classs_or_its_own() -> None:
    assert plugin(MIXER.replace("class Decay", "class SlowDecay2D")).systems == ("slow_decay2_d",)
    assert plugin(MIXER.replace("    ranges", '    name = "fade"\n    ranges')).systems == ("fade",)
    two = MIXER + "\n\nclass Other(Decay):\n    pass\n\n\nclass _Hidden(Decay):\n    pass\n"
    assert plugin(two).systems == ("decay", "other")


REFUSED = {
    "no type": (with_argument("rate=0.5"), "'rate' needs a type and a default"),
    "no default": (MIXER.replace(ARGUMENT, "remains: float"), "'remains' needs a type and a def"),
    "a list": (with_argument("sizes: list = None"), "'sizes' has the type list: use bool, int"),
    "a number in a Literal": (
        with_argument("k: Literal[1] = 1", LITERAL),
        "'k' has the type Literal",
    ),
    "a type of nobody's": (with_argument('k: "Odd" = 1'), "types of the constructor cannot be re"),
    "all keywords": (with_argument("**more"), r"takes '\*\*more': name each option"),
    "a default of another type": (with_argument('rate: int = "x"'), "model.rate must be an integ"),
    "a default out of range": (MIXER.replace("= 0.5", "= 2.0"), r"must be in \[0, 1\), not 2.0"),
    "an option of another type": (with_argument("order: str = 'a'"), "model.order is an integer"),
    "a hostile option": (with_argument("Данные: int = 1"), "the option 'Данные' must be 1 to 40"),
    "a range of nobody": (MIXER.replace('"remains":', '"remain":'), "did you mean 'remains'"),
    "a range of numbers": (MIXER.replace(": FRACTION", ": (0, 1)"), "must be POSITIVE, NOT_NEGA"),
    "a name that is a path": (
        MIXER.replace("    ranges", '    name = "../../etc"\n    ranges'),
        "the name '../../etc' must be 1 to 40 lower-case letters",
    ),
    "a long name": (MIXER.replace("class Decay", f"class {'N' * 300}"), "must be 1 to 40"),
    "a name in another script": (MIXER.replace("class Decay", "class Поле"), "must be 1 to 40"),
    "a name that is no text": (MIXER.replace("    ranges", "    name = 3\n    ranges"), "'3' must"),
    "one name twice": (
        MIXER + '\n\nclass Other(Decay):\n    name = "decay"\n',
        "two of its classes have the name 'decay'",
    ),
    "our name": (MIXER.replace("class Decay", "class Mega"), "mixer 'mega' exists already"),
    "a variant's name": (MIXER.replace("class Decay", "class Carry"), "variant 'carry' exists"),
    "half a step": (MIXER + "\n    def step(self, x, state):\n        pass\n", "write both, or"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_an_option_or_a_name_is_refused_in_one_line(what: str) -> None:
    source, said = REFUSED[what]
    assert source != MIXER
    before = dict(SYSTEMS)
    with pytest.raises(UserError, match=said) as refused, given(source):
        pass
    assert "\n" not in str(refused.value)
    assert before == SYSTEMS


def test_a_plugin_is_the_same_after_a_journey_as_json() -> None:
    import json

    sent = plugin()
    assert Plugin.from_data(json.loads(json.dumps(sent.as_data()))) == sent
    assert sent.module != plugin(MIXER + "\n").module
