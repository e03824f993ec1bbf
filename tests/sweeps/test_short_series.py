"""Series shorter than the bins of a space: the line that refuses them has the flags that fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import search_spaces
from focus_core.data import own
from focus_core.errors import UserError
from sweeps.planning.flags import build_parser
from sweeps.planning.plan import Plan, make_plan
from tests.own_files import as_npz

X, Y = np.random.default_rng(0).normal(size=(60, 24)), np.arange(60) % 2
DATA = ["--set", "task.name=series", "task.path=a.npz", "train.batch_size=16"]
FITS = "; every point fits where these axes are "


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOCUS_DATA", str(tmp_path / "kept"))
    monkeypatch.setattr(own, "_HELD", {})
    Path("a.npz").write_bytes(as_npz(x=X, y=Y))


def plan(*words: str) -> Plan:
    return make_plan(build_parser().read([*words, "--home", "home"]))


def refused(*words: str) -> str:
    with pytest.raises(UserError) as found:
        plan(*words)
    said = str(found.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize("name", ["nfft_bins", "focus", "chunk_length"])
def test_what_the_line_says_fits(name: str) -> None:
    said = refused("--space", name, *DATA)
    assert "does not divide task.length = 32" in said
    fitting = said.partition(FITS)[2].split()
    found = plan("--space", name, *DATA, *fitting)
    assert len(found.space.axes) == len(search_spaces.load(name).axes)
    assert found.base.task.length == 32


def test_every_space_with_short_series_is_planned_or_says_what_would_be_right() -> None:
    others = {"length"}  # it asks of far recall's own lengths
    for name in sorted({*search_spaces.names()} - others):
        try:
            plan("--space", name, *DATA)
        except UserError as error:
            assert FITS in str(error), name  # noqa: PT017  most spaces are planned


def test_one_value_that_is_left_is_set_beside_others() -> None:
    words = ["--vary", "model.bin_length=32,64", "model.order=1,2"]
    said = refused(*words, *DATA)
    assert said.endswith(f"(at model.bin_length=64 model.order=1){FITS}--set model.bin_length=32")
    assert plan(*words, *DATA, "model.bin_length=32").trials == 2


@pytest.mark.parametrize(
    "words",
    [
        ["model.bin_length=32,64"],  # one value is no question
        ["model.bin_length=64,128", "model.order=1,2"],  # nothing fits
        ["train.learning_rate=1e-3..1e-2", "model.bin_length=33..63"],
    ],
)
def test_negative_control_no_flags_where_none_help(words: list[str]) -> None:
    said = refused("--vary", *words, *DATA)
    assert "use one of 1, 2, 4, 8, 16, 32 (at " in said
    assert FITS not in said
