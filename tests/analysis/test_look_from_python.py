"""Every panel of a trial's page is a function that draws into an ``Axes`` of the caller's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from analysis import Look, figures, load_look
from analysis.page.trial_page import figures as on_the_page
from analysis.sections.theme import style
from focus_core.errors import UserError
from tests.analysis.looks import TRIAL, made_look, put
from tests.analysis.test_figures_from_python import OF_A_TRIAL, inches, marks
from tests.narrowing import known

PANELS: dict[str, Callable[[Look], list[tuple[Any, ...]]]] = {
    "impulse_responses": lambda look: [(n, c) for n in look.layers for c in look.channels],
    "filter_response": lambda look: [(n, c) for n in look.layers for c in (None, *look.channels)],
    "time_against_length": lambda _: [("forward",), ("step",)],
}
"""What is named to draw each panel of a figure, by the figure's name on the page."""


@pytest.fixture(autouse=True)
def _off_screen() -> Iterator[None]:
    with mpl.rc_context():
        pyplot.switch_backend("agg")
        yield
    pyplot.close("all")


@pytest.fixture
def both_ways() -> Look:
    look = made_look()
    look["layers"][1] |= {"layer": 0, "reversed": True, "important": None}
    look["layers"][1]["mean_db"][0][2] = 12.0  # all panels of a row share this scale
    return Look(look)


def panel(look: Look, figure: str, words: tuple[Any, ...], ax: Axes | None = None) -> Axes:
    function = figure.removesuffix("s") if figure.startswith("impulse") else figure
    drawn: Axes = getattr(figures, function)(look, *words, ax=ax)
    return drawn


def seen(ax: Axes) -> list[Any]:
    """Its marks, the scale of its gains, and whether its axes are logarithmic."""
    gains = ax.get_ylim() if ax.get_xlim() == (0, 0.5) else None
    return [*marks(ax), ax.get_title(loc="left"), gains, ax.get_xscale(), ax.get_yscale()]


def test_every_panel_of_a_trials_page_is_a_function(both_ways: Look) -> None:
    shown = on_the_page(both_ways.numbers)
    assert {figure.name for figure in shown} == PANELS.keys()
    for figure in shown:
        with mpl.rc_context(style("light")):
            page = [seen(ax) for ax in figure.draw("light").axes]
            named = PANELS[figure.name](both_ways)
            own = [
                seen(panel(both_ways, figure.name, words, Drawing().subplots())) for words in named
            ]
        assert own == page
        assert own[0] != own[-1]  # negative control: other words draw other marks
    assert {"impulse_response", *PANELS} - {"impulse_responses"} == OF_A_TRIAL


def test_a_panel_alone_has_all_its_words(both_ways: Look) -> None:
    before = dict(mpl.rcParams)
    ax = figures.filter_response(both_ways, 0, 7)
    assert inches(known(ax.get_figure(root=True))) == (6.4, 3.2)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("frequency, cycles a token", "|H|, dB")
    names = [text.get_text() for text in known(ax.get_legend()).get_texts()]
    assert names == ["bin 0", "bin 2", "bin 1 (the key)"]
    assert ax.get_title(loc="left") == "layer 0, channel 7"
    assert dict(mpl.rcParams) == before


def test_it_draws_into_the_ax_alone(both_ways: Look) -> None:
    figure, (left, right) = pyplot.subplots(1, 2)
    assert figures.time_against_length(both_ways, "step", left) is left
    assert not right.has_data()
    assert figures.impulse_response(both_ways, "0 reversed", 3, right) is right
    assert right.get_title() == "layer 0 reversed, channel 3"
    assert pyplot.get_fignums() == [figure.number]


@pytest.mark.parametrize("leaks", [[], ["realisation=literal"]])
def test_a_leaky_trial_is_marked_in_each_panel(leaks: list[str]) -> None:
    look = Look(made_look() | {"leaks": leaks})
    for name, words in PANELS.items():
        for each in words(look):
            title = panel(look, name, each).get_title(loc="left")
            assert title.endswith(" · LEAKY: it sees the future") == bool(leaks)


@pytest.mark.parametrize(
    ("draw", "words", "said"),
    [
        ("impulse_response", [5, 3], "no layer called '5' is drawn; there is 0, 1"),
        ("impulse_response", [0, 4], "no channel called '4' is drawn; there is 3, 7"),
        ("filter_response", [0, "al"], "no channel called 'al' is drawn; there is None, 3, 7"),
        ("time_against_length", ["forwards"], "did you mean 'forward'?"),
    ],
)
def test_a_wrong_name_is_answered(draw: str, words: list[Any], said: str) -> None:
    fresh = Drawing().subplots()
    with pytest.raises(UserError) as refused:
        getattr(figures, draw)(Look(made_look()), *words, ax=fresh)
    assert said in str(refused.value)
    assert not fresh.has_data()


def test_without_filters_there_is_the_time_alone() -> None:
    look = Look(made_look() | {"layers": [], "mixer": "flash_transformer"})
    assert figures.time_against_length(look, "forward").has_data()
    for draw in (figures.impulse_response, figures.filter_response):
        with pytest.raises(UserError, match=r"no Focus filters: only time_against_length\(\)"):
            draw(look, 0, 3)
    assert repr(look) == f"<trial {TRIAL}, seed 1: no Focus filters>"


def test_a_look_is_found_by_how_its_trial_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, made_look())
    look = load_look(TRIAL[:4], seed=1, home=tmp_path)
    assert look.numbers == json.loads(json.dumps(made_look()))
    assert repr(look) == f"<trial {TRIAL}, seed 1: layers 0, 1; channels 3, 7>"
    monkeypatch.setenv("FOCUS_HOME", str(tmp_path))
    assert load_look(TRIAL, 1).numbers == look.numbers


def test_a_look_that_is_not_there_is_answered_with_its_command(tmp_path: Path) -> None:
    put(tmp_path, made_look())
    put(tmp_path, made_look() | {"trial_id": f"{TRIAL[:-1]}c"})
    place = f"is in {tmp_path / 'looks'}: make it with python -m sweeps.look"
    for trial, seed, said in [
        (TRIAL, 0, f"no look into a trial {TRIAL!r} with seed 0 {place} {TRIAL} --seed 0"),
        ("ff", 1, f"no look into a trial 'ff' with seed 1 {place} ff --seed 1 --home {tmp_path}"),
        ("*", 1, f"no look into a trial '*' with seed 1 {place} '*' --seed 1"),
        ("01", 1, f"2 trials begin with '01': {TRIAL}, {TRIAL[:-1]}c"),
        ("", 1, "must be the id of a trial, or how it begins"),
    ]:
        with pytest.raises(UserError) as refused:
            load_look(trial, seed, tmp_path)
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    put(tmp_path, made_look()).write_text("{}")
    with pytest.raises(UserError, match=r"no look of format 1 .*trial\.py TRIAL_ID --fresh"):
        load_look(TRIAL, 1, tmp_path)
