"""A trial's figures: from numbers written by hand, and through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from analysis import trial
from analysis.page import trial_figures, trial_panels
from analysis.page.trial_page import render
from tests.analysis.looks import POINTS, STEPS, TRIAL, gain_db, made_look, put
from tests.narrowing import known

FILES = {f"{name}.{kind}" for name in (
    "impulse_responses", "time_against_length", "filter_response"
) for kind in ("png", "svg", "pdf")} | {"index.html"}  # fmt: skip


@pytest.fixture
def look() -> dict[str, Any]:
    return made_look()


def curves(ax: Axes) -> dict[str, tuple[list[float], list[float]]]:
    """x and y of each line of several points, by its colour."""
    found = {}
    for line in ax.lines:
        x, y = (list(map(float, np.asarray(values))) for values in line.get_data())
        if len(x) > 2 or line.get_marker() == "s":
            found[to_hex(line.get_color())] = (x, y)
    return found


def test_figure_2_shows_the_responses(look: dict[str, Any]) -> None:
    figure = trial_figures.impulses(look)
    assert [ax.get_title() for ax in figure.axes] == [
        f"layer {layer}, channel {channel}" for layer in (0, 1) for channel in (3, 7)
    ]
    heard = int(np.ceil(np.log(0.01) / np.log(0.8))) - 1  # the last step above 1 %
    for ax in figure.axes:
        lines = curves(ax)
        assert len(lines) == 3
        x, y = lines[trial_panels.ORANGE]
        assert x == list(range(heard + 2))
        assert y == pytest.approx([0.5**t for t in x])
    assert figure.axes[0].get_ylabel() == "h[t]"
    look["layers"][1]["reversed"] = True
    assert trial_figures.impulses(look).axes[2].get_title() == "layer 1 reversed, channel 3"


def test_figure_4_shows_gains_over_frequency_and_the_key(look: dict[str, Any]) -> None:
    figure = trial_figures.filters(look)
    assert len(figure.axes) == 2 * 3
    for ax in figure.axes:
        lines = curves(ax)
        x, y = lines.pop(trial_panels.ORANGE)
        assert x == pytest.approx(np.linspace(0, 0.5, POINTS))
        assert y == pytest.approx(gain_db(0.5))
        shown = sorted(ys[0] for _, ys in lines.values())
        assert shown == pytest.approx([gain_db(0.2)[0], gain_db(0.8)[0]])
    (legend,) = [ax.get_legend() for ax in figure.axes[:3] if ax.get_legend()]
    assert [text.get_text() for text in known(legend).get_texts()] == [
        "bin 0",
        "bin 2",
        "bin 1 (the key)",
    ]


def test_without_a_key_nothing_is_orange(look: dict[str, Any]) -> None:
    for layer in look["layers"]:
        layer["important"] = None
    for draw in (trial_figures.impulses, trial_figures.filters):
        assert all(trial_panels.ORANGE not in curves(ax) for ax in draw(look).axes)


def test_figure_3_shows_both_over_length(look: dict[str, Any]) -> None:
    figure = trial_figures.speeds(look)
    for ax, factor in zip(figure.axes, (1, 3), strict=True):
        own, rival = curves(ax)[trial_panels.BLUE], curves(ax)[trial_panels.ORANGE]
        assert own == ([64, 128, 256, 512], [factor * 2.0**n for n in range(4)])
        assert rival == ([64, 128], [factor * 1.0, factor * 2.0])
        assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    names = [text.get_text() for text in known(figure.axes[0].get_legend()).get_texts()]
    assert names == ["this trial (focus)", "full attention"]


def test_a_leaky_trial_is_marked_everywhere(look: dict[str, Any]) -> None:
    draws = (trial_figures.impulses, trial_figures.speeds, trial_figures.filters)
    assert "LEAKY" not in render(look, {})
    assert not any("LEAKY" in str(draw(look).get_suptitle()) for draw in draws)
    look["leaks"], look["backwards"] = ["realisation=literal"], True
    assert "LEAKY" in render(look, {})
    assert all("LEAKY" in str(draw(look).get_suptitle()) for draw in draws)
    assert trial_figures.impulses(look).axes[2].get_xlabel() == "t, tokens before the impulse"


def test_what_is_missing_leaves_a_gap(look: dict[str, Any]) -> None:
    for layer in look["layers"]:
        layer["impulse"][0][0] = [None] * STEPS
        layer["mean_db"][0] = [None] * POINTS
    for draw in (trial_figures.impulses, trial_figures.filters):
        lines = curves(draw(look).axes[0]).values()
        assert sorted(bool(np.isnan(y).all()) for _, y in lines) == [False, False, True]
        assert all(np.isfinite(draw(look).axes[0].get_ylim()))


def test_what_is_there_is_drawn_without_computing(
    tmp_path: Path,
    look: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(trial, "_look", lambda *_: pytest.fail("computed"))
    put(tmp_path, look)
    folder = tmp_path / "reports" / "trials" / TRIAL
    seen = []
    for _ in range(2):
        assert trial.main([TRIAL, "--seed", "1", "--home", str(tmp_path)]) == 0
        assert capsys.readouterr().out == f"Trial: {folder / 'index.html'}\n"
        seen.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert seen[0] == seen[1]
    assert seen[0].keys() == FILES
    page = seen[0]["index.html"].decode()
    assert page.count("<figure") == 3
    assert "A &lt;CPU&gt;, 2 CPUs" in page
    assert "token 20" in page
    assert "A line ends where a longer sequence could take" in page


def test_without_filters_there_is_figure_3_alone(tmp_path: Path, look: dict[str, Any]) -> None:
    put(tmp_path, look | {"layers": [], "mixer": "flash_transformer"})
    assert trial.main([TRIAL, "--seed", "1", "--home", str(tmp_path)]) == 0
    folder = tmp_path / "reports" / "trials" / TRIAL
    assert {path.stem for path in folder.iterdir()} == {"index", "time_against_length"}
    assert "has no Focus filters" in (folder / "index.html").read_text()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda look: look | {"format": 2},
        lambda look: look | {"trial_id": "../../elsewhere"},
        lambda look: {key: look[key] for key in look if key != "layers"},
        lambda _: [],
    ],
)
def test_a_file_of_something_else_is_told(
    tmp_path: Path,
    look: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Any], Any],
) -> None:
    path = put(tmp_path, look)
    path.write_text(json.dumps(spoil(look)))
    assert trial.main([TRIAL, "--seed", "1", "--home", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"trial.py: {path} is no look of format 1")
    assert said.count("\n") == 1
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("words", "computes"),
    [([TRIAL], False), ([TRIAL, "--fresh"], True), ([TRIAL[:5]], True), ([TRIAL[::-1]], True)],
)
def test_it_computes_what_is_not_there_or_asked_for(
    tmp_path: Path,
    look: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    computes: bool,
) -> None:
    looked = Mock(return_value=put(tmp_path, look))
    monkeypatch.setattr(trial, "_look", looked)
    monkeypatch.setattr("analysis.page.trial_page.fill", lambda *_: None)
    assert trial.main([*words, "--seed", "1", "--home", str(tmp_path)]) == 0
    assert looked.call_args_list == ([call(words[0], 1, tmp_path)] if computes else [])
