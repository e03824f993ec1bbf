"""An exported network: the same logits to the bit, by itself, and every way to spoil its folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import focus_core
from focus_core.config.of_export import digest, sealed
from focus_core.errors import UserError
from focus_core.systems import SYSTEMS
from focus_core.tools import exported
from focus_core.tools.exported import Shape
from focus_core.training.network import SequenceModel, build_model
from tests.configs import model_config
from tests.imported import ROOT

LANGUAGE = Shape(7, 7, 32, "each", 1)
TOKENS = torch.randint(7, (2, 32), generator=torch.Generator().manual_seed(0))
HEAVY = [
    *("ray", "mlflow", "optuna", "sqlalchemy", "pyarrow", "seaborn", "scipy", "alembic"),
    *("pandas", "matplotlib", "sklearn"),
]


def network(shape: Shape = LANGUAGE, **options: Any) -> SequenceModel:
    """Without its initial weights, so that a loader that kept those would be seen."""
    net = build_model(model_config(**({"width": 8} | options)), **shape._asdict())
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)
    return net.eval()


def logits(net: SequenceModel, inputs_BL: Tensor = TOKENS) -> Tensor:
    with torch.no_grad():
        found: Tensor = net(inputs_BL)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "network"
    place.mkdir()
    exported.write(place, network(), LANGUAGE, {"trial_id": "0123456789ab"})
    return place


@pytest.mark.parametrize("mixer", SYSTEMS)
def test_every_system_gives_the_same_logits_to_the_bit(mixer: str, tmp_path: Path) -> None:
    net = network(mixer=mixer)
    exported.write(tmp_path, net, LANGUAGE, {})
    loaded = focus_core.load(tmp_path)
    assert not loaded.training
    assert torch.equal(logits(loaded), logits(net))
    assert loaded.config == net.config
    tied = SYSTEMS[mixer].config.frame.tied_head
    assert (loaded.head.weight is loaded.embedding.weight) == tied
    fresh = build_model(model_config(mixer=mixer, width=8), **LANGUAGE._asdict()).eval()
    assert not torch.equal(logits(fresh), logits(net))  # control


@pytest.mark.parametrize(
    "options", [{"filter": "coupled"}, {"hyper_scope": "shared"}, {"bidirectional": True}]
)
def test_ablations_and_real_numbers_too(options: dict[str, Any], tmp_path: Path) -> None:
    shape = Shape(None, 3, 32, "mean", 1)
    net = network(shape, **options)
    exported.write(tmp_path, net, shape, {})
    values = torch.randn(2, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(logits(focus_core.load(str(tmp_path)), values), logits(net, values))


def edited(path: Path, change: Callable[[dict[str, Any]], Any], *, signed: bool) -> None:
    said = json.loads(path.read_text())
    said = change(said) or said
    if signed:  # as by someone who knows the format
        path.write_text(sealed({k: v for k, v in said.items() if k != "sha256"}))
    else:
        path.write_text(json.dumps(said))


def _make_a_folder(place: Path) -> None:
    (place / "config.json").unlink()
    (place / "config.json").mkdir()


SPOILT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no folder": (shutil.rmtree, "no file"),
    "no config": (lambda p: (p / "config.json").unlink(), "no file"),
    "no weights": (lambda p: (p / "model.safetensors").unlink(), "no file"),
    "a folder as config": (_make_a_folder, "no file"),
    "no JSON": (lambda p: (p / "config.json").write_text("{"), "is no JSON"),
    "no text": (lambda p: (p / "config.json").write_bytes(b"\xff\x00"), "is no JSON"),
    "deep JSON": (lambda p: (p / "config.json").write_text("[" * 200_000), "is no JSON"),
    "a list": (lambda p: (p / "config.json").write_text("[]"), "is of another program"),
    "foreign": (
        lambda p: (p / "config.json").write_text('{"model_type": "gpt2"}'), "is of another program",
    ),
    "long": (lambda p: (p / "config.json").write_text(" " * 2**21), "too long for a config"),
    "other weights": (
        lambda p: (p / "model.safetensors").write_bytes(b"\0" * 100), "has other weights",
    ),
    "cut weights": (
        lambda p: (w := p / "model.safetensors").write_bytes(w.read_bytes()[:-1]),
        "has other weights",
    ),
}  # fmt: skip


def _set(said: dict[str, Any], *names: str, to: Any) -> None:
    for name in names[:-1]:
        said = said[name]
    said[names[-1]] = to


EDITS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a newer format": (lambda s: _set(s, "format", to=3), "has format 3, this program reads 2"),
    "an older format": (lambda s: _set(s, "format", to=1), "has format 1, this program reads 2"),
    "no word of plugins": (lambda s: s.pop("plugins") and None, "was changed after the export"),
    "a plugin that is none": (lambda s: _set(s, "plugins", to=[3]), "describes no network"),
    "plugins by name": (lambda s: _set(s, "plugins", to={"a": 1}), "describes no network"),
    "another system": (lambda s: _set(s, "model", "mixer", to="linear"), "describes no network"),
    "a name that is none": (lambda s: _set(s, "model", "mixer", to=[1]), "describes no network"),
    "an unknown option": (lambda s: _set(s, "model", "speed", to=2), "its options must be"),
    "an option less": (lambda s: s["model"].pop("order") and None, "its options must be"),
    "a wrong kind": (lambda s: _set(s, "model", "order", to="two"), "describes no network"),
    "out of range": (lambda s: _set(s, "model", "width", to=-8), "describes no network"),
    "huge": (lambda s: _set(s, "model", "width", to=10**12), "describes no network"),
    "another shape": (lambda s: _set(s, "model", "width", to=16), "does not fit its config.json"),
    "more outputs": (lambda s: _set(s, "network", "num_outputs", to=9), "does not fit"),
    "another layer": (lambda s: _set(s, "model", "layers", to=3), "does not fit"),
    "no length": (lambda s: s["network"].pop("max_length") and None, "describes no network"),
    "a negative length": (lambda s: _set(s, "network", "max_length", to=-1), "describes no"),
    "a word as length": (lambda s: _set(s, "network", "max_length", to="long"), "describes no"),
    "an odd readout": (lambda s: _set(s, "network", "readout", to="sum"), "describes no network"),
    "a lone list": (lambda s: _set(s, "network", to=[]), "describes no network"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_folder_is_refused_in_a_line(how: str, folder: Path) -> None:
    spoil, said = SPOILT[how]
    spoil(folder)
    check_refused(folder, said)


@pytest.mark.parametrize("how", EDITS)
def test_an_edited_config_is_refused_in_a_line(how: str, folder: Path) -> None:
    change, said = EDITS[how]
    edited(folder / "config.json", change, signed=False)
    check_refused(folder, "was changed after the export" if "format" not in how else said)
    edited(folder / "config.json", lambda s: None, signed=True)
    check_refused(folder, said)


def check_refused(folder: Path, said: str) -> None:
    with pytest.raises(UserError) as error:
        focus_core.load(folder)
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_negative_control_the_untouched_folder_is_loaded(folder: Path) -> None:
    edited(folder / "config.json", lambda s: None, signed=True)
    assert torch.equal(logits(focus_core.load(folder)), logits(network()))


def test_a_pickle_in_the_place_of_the_weights_is_not_run(folder: Path, tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "touched",))

    pickle = folder / "model.safetensors"
    torch.save(Touch(), pickle)
    content = digest((folder / "model.safetensors").read_bytes())
    edited(folder / "config.json", lambda s: _set(s, "weights_sha256", to=content), signed=True)
    check_refused(folder, "does not fit its config.json")
    assert not (tmp_path / "touched").exists()
    torch.load(pickle.rename(tmp_path / "pickle"), weights_only=False)  # control: this runs it
    assert (tmp_path / "touched").exists()


BARE = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ImportError(f"{{name}} is blocked")

sys.meta_path.insert(0, Blocker())
"""


def in_bare_process(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BARE + code, *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_bare_process_has_layer_and_network(folder: Path, tmp_path: Path) -> None:
    torch.save(TOKENS, tmp_path / "tokens.pt")
    code = (
        "import torch, focus_core\n"
        "layer = focus_core.FocusLayer(8, bin_length=4, chunk_length=4)\n"
        "layer(torch.randn(2, 9, 8)).sum().backward()\n"
        "layer.step(torch.randn(2, 8), layer.initial_state(2))\n"
        "net = focus_core.load(sys.argv[1])\n"
        "tokens = torch.load(sys.argv[2], weights_only=True)\n"
        "with torch.no_grad():\n"
        "    torch.save(net(tokens), sys.argv[3])\n"
    )
    files = (folder, tmp_path / "tokens.pt", tmp_path / "logits.pt")
    done = in_bare_process(code, *map(str, files))
    assert done.returncode == 0, done.stderr
    found = torch.load(tmp_path / "logits.pt", weights_only=True)
    assert torch.equal(found, logits(network()))


@pytest.mark.parametrize("name", ["sqlalchemy", "scipy.signal", "ray"])
def test_negative_control_the_bare_process_has_nothing_else(name: str) -> None:
    done = in_bare_process(f"import {name}")
    assert done.returncode == 1
    assert "is blocked" in done.stderr
