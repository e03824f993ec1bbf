"""The snippets of docs/our_layer.md are run, and its table is the layer's state dict."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from focus_core import FocusLayer
from focus_core.tools import exported
from focus_core.tools.exported import Shape
from focus_core.tools.layer_names import layer_names
from focus_core.training.network import build_model
from tests.configs import model_config
from tests.imported import ROOT

TEXT = (ROOT / "docs" / "our_layer.md").read_text()
SNIPPETS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SIZES = {"D": 12, "F": 3, "P": 1, "O": 2, "H": 5, "Z": 4, "V": 7, "`max_length`": 64}


def test_the_snippets_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shape = Shape(256, 256, 32, "each", 1)
    (tmp_path / "network").mkdir()
    net = build_model(model_config(width=8), **shape._asdict())
    exported.write(tmp_path / "network", net, shape, {})
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for snippet in SNIPPETS:
        exec(snippet, names)
    assert names["y"].shape == (2, 100, 256)
    assert torch.equal(names["logits"], net.eval()(names["tokens"]))
    with pytest.raises(AssertionError):  # control: a wrong promise in a snippet is seen
        exec(SNIPPETS[1].replace("[:, 69]", "[:, 68]"), names)


def stated() -> dict[str, tuple[int, ...]]:
    """Every name of the table with its shape for ``SIZES``."""
    found: dict[str, tuple[int, ...]] = {}
    for row in re.findall(r"^\| (`(?:mixer|hyper_embedding)\..*) \| (\(.*\)) \|$", TEXT, re.M):
        shapes = [_shape(words) for words in re.findall(r"\(([^)]*)\)", row[1])]
        names = [name for name in re.findall(r"`([^`]+)`", row[0]) if not name.endswith(".*")]
        first = names[0].rpartition(".")[0]
        names = [f"{first}{name}" if name.startswith(".") else name for name in names]
        shapes = shapes * len(names) if len(shapes) == 1 else shapes
        found |= dict(zip(names, shapes, strict=True))
        for more in re.findall(r"`([^`]+)\.\*`", row[0]):
            found |= dict(zip([f"{more}.weight", f"{more}.bias"], shapes, strict=True))
    return found


def _shape(words: str) -> tuple[int, ...]:
    sizes = []
    for part in words.split(", "):
        size = 1
        for letter in part.split(" "):
            size *= SIZES[letter]
        sizes.append(size)
    return tuple(sizes)


def test_the_table_is_the_state_dict() -> None:
    layer = FocusLayer(
        SIZES["D"], filters=SIZES["F"], order=SIZES["P"], oversampling=SIZES["O"],
        hyper_width=SIZES["H"], key_width=SIZES["Z"], value_width=SIZES["V"], max_length=64,
    )  # fmt: skip
    assert {k: tuple(v.shape) for k, v in layer.state_dict().items()} == stated()


def test_every_layer_is_named() -> None:
    assert [name for name in layer_names() if f"`{name}`" not in TEXT] == ["FocusLayer"]
    assert "FocusLayer(" in TEXT
