"""The card of axes: its words, tables and figures, on friendly and on degenerate sweeps."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from axis_worlds import study_of
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection

from analysis.findings import Findings
from analysis.reading.ledger import read_sweep
from analysis.reading.study import Study, study
from analysis.sections.axes import card
from analysis.sections.axes_figures import WIDTH
from analysis.sections.card import Card, Theme
from analysis.sections.theme import style
from tests.analysis.conftest import GRID_AXES, ablation_sweep, grid_sweep, write_ledger
from tests.narrowing import kind

THEMES: tuple[Theme, Theme] = ("light", "dark")


def card_of(found: Study) -> Card:
    made = card(Findings(found))
    assert made is not None
    return made


def read(home: Path) -> Study:
    return study(read_sweep(home, None))


def drawn(made: Card, theme: Theme = "light") -> list[tuple[float, float]]:
    """Every figure drawn, the first ones to their end; their sizes in inches."""
    sizes: list[tuple[float, float]] = []
    for figure in made.figures:
        with mpl.rc_context(style(theme)):
            drawing = figure.draw(theme)
            FigureCanvasAgg(drawing)
            if len(sizes) < 3:  # the others are laid out alike
                drawing.savefig(io.BytesIO(), dpi=50)
            width, height = drawing.get_size_inches()
            sizes.append((float(width), float(height)))
    return sizes


def test_the_flagship_is_answered_first(tmp_path: Path) -> None:
    made = card_of(read(write_ledger(tmp_path, grid_sweep())))
    assert made.status == "decided"
    assert made.words[0].startswith("bin_length matters: 32 is 0.")
    assert made.words[1].startswith("Levels not told apart: nfft_factor (at most 0.")
    assert [figure.name for figure in made.figures] == [
        "axis_1_bin_length",
        "axis_2_nfft_factor",
        "cells_bin_length_nfft_factor",
    ]
    axes, levels, pairs = made.tables
    assert [row[:2] for row in axes.rows] == [
        ["bin_length", "differ"],
        ["nfft_factor", "not told apart"],
    ]
    assert len(levels.rows) == 4 + 3
    assert {row[0] for row in pairs.rows} == {"bin_length"}  # none of an axis that shows nothing
    assert all(len(row) == len(table.columns) for table in made.tables for row in table.rows)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sweep", [grid_sweep, ablation_sweep])
def test_every_figure_is_drawn_in_both_themes(
    tmp_path: Path, sweep: Callable[[], Any], theme: Theme
) -> None:
    made = card_of(read(write_ledger(tmp_path, sweep())))
    assert all(width == WIDTH for width, _ in drawn(made, theme))
    assert all(figure.alt and figure.caption for figure in made.figures)


def test_survivors_are_counted_by_reason(tmp_path: Path) -> None:
    made = card_of(read(write_ledger(tmp_path, ablation_sweep())))
    words = next(text for text in made.words if text.startswith("Survivors only"))
    assert words.startswith(
        "Survivors only: 5 of 10 trials count, those trained in full (1 pruned, 3 failed or "
        "diverged, 1 leaky)."
    )


def flat(trials: int, number: int, *, sampler: str = "random") -> Study:
    rng = np.random.default_rng(number)
    axes: list[dict[str, Any]] = [
        {"key": "model.a", "kind": "categorical", "choices": ["x", "y", "z"]},
        {"key": "train.lr", "kind": "float", "low": 1e-4, "high": 1e-1, "log": True},
    ]
    points = [
        {"model.a": "xyz"[rng.integers(3)], "train.lr": float(10 ** rng.uniform(-4, -1))}
        for _ in range(trials)
    ]
    return study_of(points, 0.5 + 0.1 * rng.normal(size=(trials, 4)), axes, sampler=sampler)


def test_where_no_axis_matters_the_words_say_so_and_how_far_apart_levels_could_be() -> None:
    made = card_of(flat(40, 1))
    assert made.status == "open"
    assert made.words[0] == "No axis is shown to matter: nothing could be told apart."
    assert "lr (at most 0." in made.words[1]
    assert "a (at most 0." in made.words[1]
    assert not any(table.name == "axis_pairs" for table in made.tables)
    assert "matters" not in " ".join(made.words)
    drawn(made)


def test_a_tpe_sweep_is_told_with_its_caution() -> None:
    assert any(text.startswith("TPE chose") for text in card_of(flat(40, 1, sampler="tpe")).words)
    assert not any(text.startswith("TPE chose") for text in card_of(flat(40, 1)).words)
    assert any("sampler may have" in text for text in card_of(flat(40, 1, sampler="mine")).words)
    assert not any("sampler may have" in text for text in card_of(flat(40, 1)).words)


def test_a_border_is_told_in_words() -> None:
    axes = [{"key": "model.order", "kind": "int", "low": 1, "high": 4, "log": False}]
    points = [{"model.order": order} for order in range(1, 5)]
    scores = np.arange(4)[:, None] + 0.01 * np.random.default_rng(0).normal(size=(4, 4))
    assert (
        "The best order, 4, is the largest that the sweep allows: widen it upwards."
        in card_of(study_of(points, scores, axes)).words
    )


def test_the_pair_that_is_named_is_one_that_is_told_apart() -> None:
    """The best level is so noisy that nothing is sure of it."""
    rng = np.random.default_rng(2)
    axes = [{"key": "variant", "kind": "categorical", "choices": ["a", "b", "c", "d", "e", "f"]}]
    noise = np.array([0.42, 0.01, 0.01, 0.01, 0.01, 0.01])[:, None]
    scores = np.array([1.3, 1.1, 1.1, 1.1, 0.1, 0.0])[:, None] + noise * rng.normal(size=(6, 5))
    points = [{"variant": choice} for choice in axes[0]["choices"]]
    made = card_of(study_of(points, scores, axes))
    (axis,) = made.data["axes"]
    assert axis["verdict"] == "differ"
    assert axis["gap"]["best"] == "a"
    assert axis["gap"]["low"] < 0
    assert made.words[0].startswith("variant matters: ")
    assert not made.words[0].startswith("variant matters: a")
    assert " better than f (" in made.words[0]


def test_forty_axes_of_which_some_have_sixty_levels_explode_no_figure() -> None:
    rng = np.random.default_rng(0)
    names = [f"choice {i} of the many" for i in range(60)]
    axes: list[dict[str, Any]] = [
        {"key": f"model.axis_{i}", "kind": "categorical", "choices": names[: 60 if i < 4 else 12]}
        for i in range(40)
    ]
    points = [{axis["key"]: str(rng.choice(axis["choices"])) for axis in axes} for _ in range(160)]
    made = card_of(study_of(points, rng.normal(size=(160, 3)), axes))
    assert len(made.figures) <= 12 + 2
    assert len(made.tables[0].rows) == 40
    assert max(table.shown for table in made.tables) <= 12
    sizes = drawn(made)
    assert max(height for _, height in sizes) < 8
    assert max(width for width, _ in sizes) < 10


def test_so_many_dots_a_figure_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a hundred bytes of the page, in every figure of every axis."""
    monkeypatch.setattr("analysis.sections.axes_figures.MOST_DOTS", 20)
    for figure in card_of(flat(60, 1)).figures:
        artists = figure.draw("light").findobj(PathCollection)
        dots = [np.asarray(kind(PathCollection, found).get_offsets()) for found in artists]
        assert sum(len(each) for each in dots) <= 20


def nothing_varies(base: dict[str, Any]) -> Study:
    axes = [{"key": "model.a", "kind": "categorical", "choices": [1, 2]}]
    return study_of([{"model.a": 1}] * 3, np.ones((3, 3)), axes)


def test_a_sweep_in_which_nothing_varies_has_no_card() -> None:
    assert card(Findings(nothing_varies({}))) is None
    assert card(Findings(study_of([], np.zeros((0, 3)), []))) is None


def degenerate() -> dict[str, Study]:
    rng = np.random.default_rng(0)
    a = {"key": "model.a", "kind": "categorical", "choices": [None, True, "名前", 4]}
    points = [{"model.a": choice} for choice in a["choices"]]
    lr = {"key": "train.lr", "kind": "float", "low": 0.0, "high": 1.0, "log": False}
    many = [{"train.lr": float(x)} for x in rng.uniform(size=12)]
    return {
        "all equal": study_of(points, np.ones((4, 3)), [a]),
        "no noise": study_of(points, np.arange(4.0)[:, None] * np.ones((1, 3)), [a]),
        "one seed": study_of(points, rng.normal(size=(4, 1)), [a]),
        "two seeds": study_of(points, rng.normal(size=(4, 2)), [a]),
        "two levels": study_of(points[:2], rng.normal(size=(2, 3)), [a]),
        "tiny numbers": study_of(points, 1e-9 * rng.normal(size=(4, 3)), [a]),
        "huge numbers": study_of(points, 1e12 * rng.normal(size=(4, 3)), [a]),
        "few on a curve": study_of(many[:9], rng.normal(size=(9, 3)), [lr]),
        "a curve without noise": study_of(many, np.ones((12, 3)), [lr]),
        "all pruned": study_of(points, np.ones((4, 3)), [a], states=["pruned"] * 4),
        "every trial twice": study_of(points * 2, rng.normal(size=(8, 3)), [a]),
    }


@pytest.mark.parametrize("name", degenerate())
@pytest.mark.filterwarnings("ignore:Glyph")  # the page chooses fonts that have every sign
def test_a_degenerate_sweep_says_what_it_cannot_say(name: str) -> None:
    made = card(Findings(degenerate()[name]))
    if name == "all pruned":
        assert made is None
        return
    assert made is not None
    assert made.status == "open"
    assert "matters" not in " ".join(made.words)
    drawn(made)


def test_the_same_ledger_gives_the_same_card(tmp_path: Path) -> None:
    home = write_ledger(tmp_path, grid_sweep())
    one, other = (card_of(read(home)) for _ in range(2))
    assert one.data == other.data
    assert one.words == other.words
    assert [t.rows for t in one.tables] == [t.rows for t in other.tables]


def test_tuned_axes_are_no_question(tmp_path: Path) -> None:
    axes = [GRID_AXES[0], GRID_AXES[1] | {"tuned": True}]
    made = card_of(read(write_ledger(tmp_path, grid_sweep(axes=axes))))
    assert [row[0] for row in made.tables[0].rows] == ["bin_length"]
