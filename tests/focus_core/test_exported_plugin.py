"""Loading a network with a mixer from outside: the caller's own file, or one line that says why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import focus_core
from focus_core.config.of_export import sealed
from focus_core.errors import UserError
from focus_core.outside import loading
from focus_core.outside.plugin import Plugin
from focus_core.systems import SYSTEMS
from focus_core.tools import exported
from focus_core.tools.executed_code import plugin_code
from focus_core.tools.exported import Shape
from focus_core.tools.exported_plugin import needed_of
from tests.focus_core.outside_nets import LENGTH, net_of, tokens
from tests.plugin_files import MIXER, TASK, given, plugin, write

SHAPE = Shape(4, 4, LENGTH, "each", 1)
COMMENTED = "# by me\n" + MIXER.replace("fades at a", "goes,   at a").replace("0.5)", "0.5 )")
RAISES = MIXER.replace("super().__init__()", "super().__init__(); assert width != 8, 'not eight'")


def logits(net: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = net.eval()(tokens())
    return found


@pytest.fixture(name="folder")
def exported_folder(tmp_path: Path) -> Path:
    """A folder with the network of ``trained``, as ``sweeps.export`` writes it."""
    place = tmp_path / "network"
    place.mkdir()
    with given(MIXER) as (mine,):
        needed = {needed_of(mine, "decay", "recall"): mine}
        exported.write(place, trained(), SHAPE, {}, needed)
    return place


def trained() -> Any:
    """Call this where the mixer is registered."""
    net = net_of(remains=0.75)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1.1)
    return net


def change(folder: Path, how: Callable[[dict[str, Any]], Any]) -> None:
    """Write another config, as by someone who knows the format."""
    said = json.loads((folder / "config.json").read_text())
    how(said)
    (folder / "config.json").write_text(sealed({k: v for k, v in said.items() if k != "sha256"}))


def refused(folder: Path, named: Any, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)) as error:
        focus_core.load(folder, plugin=named)
    assert len(str(error.value).splitlines()) == 1
    assert "decay" not in SYSTEMS


@pytest.mark.parametrize("source", [MIXER, COMMENTED], ids=["the same", "other comments"])
def test_the_callers_own_file_gives_the_same_logits(
    source: str, folder: Path, tmp_path: Path
) -> None:
    with given(MIXER):
        expected = logits(trained())
    own = write(tmp_path, "anything.py", source)
    assert torch.equal(logits(focus_core.load(str(folder), plugin=str(own))), expected)
    (folder / "plugin_decay.py").unlink()
    assert torch.equal(logits(focus_core.load(folder, own)), expected)
    assert "decay" not in SYSTEMS


def test_what_a_mixer_draws_does_not_hang_on_the_caller(tmp_path: Path) -> None:
    """A sign that is drawn: by luck it would be that of the trained network."""
    source = MIXER.replace(
        "        self.remains",
        "        self.sign = 1.0 if torch.rand(()) < 0.5 else -1.0\n        self.remains",
    ).replace("return self.out(", "return self.sign * self.out(")
    with given(source) as (mine,):
        exported.write(tmp_path, trained(), SHAPE, {}, {needed_of(mine, "decay", "recall"): mine})
    found = []
    for seed in range(8):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(logits(focus_core.load(tmp_path, tmp_path / "plugin_decay.py")))
        assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(each, found[0]) for each in found)


WRONG: dict[str, tuple[str | bytes | None, str]] = {
    "another number": (MIXER.replace("min=0", "min=1"), "has other code than the trial's plugin"),
    "another default": (MIXER.replace("0.5", "0.25"), "has other code than the trial's plugin"),
    "a task": (TASK, "has other code than the trial's plugin"),
    "no Python": ("class Decay(:", "has other code than the trial's plugin"),
    "no file": (None, "cannot be read: No such file or directory"),
    "nothing": ("  \n", "is empty: write a mixer"),
    "a zero byte": ("a = 1\0", "it has a byte of zero"),
    "no text": (b"\xff\xfe", "is no text in UTF-8 (byte 0)"),
    "long": ("#" * 1_000_001, "at most 1,000,000"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_refused(what: str, folder: Path, tmp_path: Path) -> None:
    content, said = WRONG[what]
    path = tmp_path / "wrong.py"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    refused(folder, path, f"plugin={str(path)!r}")
    refused(folder, path, said)


def test_a_path_that_cannot_be_one_is_refused(folder: Path) -> None:
    refused(folder, "a\0.py", "is no path: it must be a file of Python")


def test_other_code_is_not_run(folder: Path, tmp_path: Path) -> None:
    proof = tmp_path / "it was run"
    source = f"open({str(proof)!r}, 'w').close()\n{MIXER}"
    own = write(tmp_path, source=source)
    refused(folder, own, "has other code")
    assert not proof.exists()
    code = plugin_code(Plugin(name="own.py", source=source))
    change(folder, lambda said: said["plugins"][0].update(code=code))
    focus_core.load(folder, plugin=own)
    assert proof.exists()  # negative control


def test_the_line_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    refused(
        folder,
        None,
        f"{folder} needs the trial's plugin file0.py (sha256 {plugin().sha256[:12]}) for its mixer "
        "decay, and runs no code that you do not name: read plugin_decay.py in the folder, and "
        "load with plugin='FOLDER/plugin_decay.py'",
    )
    refused(folder, write(tmp_path, "one.txt"), "must be a file of Python")
    refused(folder, tmp_path, "must be a file of Python")
    refused(folder, "fade", "no entry point of that name")
    assert focus_core.load(folder, plugin=folder / "plugin_decay.py")  # negative control


def test_an_edited_text_in_the_folder_is_refused(folder: Path) -> None:
    text = folder / "plugin_decay.py"
    text.write_text(text.read_text() + "\nprint('more')\n")
    refused(folder, text, "has other code")


def test_the_same_code_must_also_add_the_mixer(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = write(tmp_path)
    empty = loading.Found({}, {})
    monkeypatch.setattr("focus_core.tools.exported_plugin.load", lambda _: empty)
    refused(folder, own, "adds no mixer 'decay'")


def test_what_its_constructor_raises_is_one_line(folder: Path, tmp_path: Path) -> None:
    own = write(tmp_path, source=RAISES)
    code = plugin_code(Plugin(name="own.py", source=RAISES))
    change(folder, lambda said: said["plugins"][0].update(code=code))
    refused(folder, own, "not eight")


@pytest.mark.parametrize("value", ["a\nb", "x" * 400, 3])
def test_odd_words_of_a_folder_are_not_quoted(value: Any, folder: Path) -> None:
    change(folder, lambda said: said["plugins"][0].update(name=value))
    refused(folder, None, "its plugins are told in odd words")


def test_a_network_of_ours_takes_no_plugin(folder: Path, tmp_path: Path) -> None:
    net = net_of("mega", chunk_length=4)
    exported.write(tmp_path, net, SHAPE, {})
    refused(tmp_path, write(tmp_path), "needs no plugin: leave it out")
    assert torch.equal(logits(focus_core.load(tmp_path)), logits(net))  # negative control


def test_a_folder_that_hides_its_plugin_gives_nothing(folder: Path) -> None:
    change(folder, lambda said: said["plugins"].clear())
    refused(folder, None, "describes no network of this version ('decay')")
    refused(folder, folder / "plugin_decay.py", "needs no plugin")
