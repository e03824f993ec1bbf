"""Figures: the same bytes every time, on either ground, in any script."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure as Drawing

from analysis.page import fonts
from analysis.page.pictures import MOST_BYTES, MOST_TICKS, draw, draw_all
from analysis.page.svg import smaller
from analysis.sections.card import Card, Figure, Theme
from analysis.sections.theme import PALETTES


def plot(theme: Theme, colour: str | None = None, name: str = "arm") -> Drawing:
    drawing = Drawing(figsize=(6, 2), layout="constrained")
    ax = drawing.subplots()
    ax.plot([0.123456, 1], [1, 2], color=colour or PALETTES[theme].accent)
    ax.set_yticks([1, 2], [name, f"{name} $x_1$"])
    ax.set_xlabel(f"{theme} 0.123456")
    return drawing


def figure(**changes: str) -> Figure:
    return Figure(name="f", draw=lambda theme: plot(theme, **changes), alt='a "b" <c>')


def test_the_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    card = Card(name="verdict", title="", figures=[figure()])
    for folder in ("one", "two"):
        draw_all([card], tmp_path / folder)
    for kind in ("png", "svg", "pdf"):
        one, two = ((tmp_path / f / f"f.{kind}").read_bytes() for f in ("one", "two"))
        assert one == two
        assert b"2026" not in one
        assert b"CreationDate" not in one


def test_in_the_palettes_colours_it_is_drawn_once_and_follows_the_ground(tmp_path: Path) -> None:
    found = draw(figure(), tmp_path / "f", narrow=True)
    assert "var(--plot-accent)" in found.inline
    assert not re.search(r"#[0-9a-f]{6}", found.inline)
    assert 'aria-label="a &quot;b&quot; &lt;c&gt;"' in found.inline
    assert (found.light, found.dark) == (b"", b"")
    width = re.search(r'width="([\d.]+)pt"', found.narrow)
    assert width is not None
    assert float(width[1]) < 300 < found.width
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (found.inline, found.narrow)]
    assert ids[0]
    assert not ids[0] & ids[1]  # both stand in one page


def test_in_other_colours_it_is_drawn_for_each_ground(tmp_path: Path) -> None:
    found = draw(figure(colour="#123456"), tmp_path / "f")
    assert found.inline == ""
    assert b">light 0.123456<" in found.light
    assert b">dark 0.123456<" in found.dark


def test_words_keep_their_digits_and_points_lose_theirs(tmp_path: Path) -> None:
    draw(figure(), tmp_path / "f")
    svg = (tmp_path / "f.svg").read_text()
    assert ">light 0.123456<" in svg
    assert not re.search(r"<path[^>]*\d\.\d{3}", svg)
    assert smaller('<text x="1.23456">1.23456</text>') == '<text x="1.23">1.23456</text>'


def test_a_figure_of_too_many_points_is_embedded_as_pixels(tmp_path: Path) -> None:
    def many(theme: Theme) -> Drawing:
        drawing = Drawing(figsize=(4, 3))
        drawing.subplots().scatter(*np.random.default_rng(0).random((2, 9000)))
        return drawing

    found = draw(Figure(name="f", draw=many, alt=""), tmp_path / "f")
    assert (tmp_path / "f.svg").stat().st_size > MOST_BYTES
    assert found.kind == "png"
    assert len(found.light) < MOST_BYTES


@pytest.mark.parametrize("name", ["漢字", "ไทย", "\U0001f600", "é ß ∂"])
def test_names_in_any_script_warn_of_nothing(tmp_path: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(figure(name=name), tmp_path / "f")
    assert name in (tmp_path / "f.svg").read_text()  # words, in whatever font the reader has


def test_a_letter_that_no_font_has_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_has", lambda letter: letter not in "漢字")
    drawing = plot("light", name="漢字 é")
    with fonts.quietly():
        drawing.draw_without_rendering()
    assert fonts.write_out(drawing)
    drawing.draw_without_rendering()
    labels = [label.get_text() for label in drawing.axes[0].get_yticklabels()]
    assert labels == ["\\u6f22\\u5b57 é", "\\u6f22\\u5b57 é $x_1$"]
    assert not fonts.write_out(plot("light"))


def test_the_base_font_is_always_there() -> None:
    assert fonts.families()[0] == fonts.BASE
    assert fonts.written_out("abc é ×\n") == "abc é ×\n"  # noqa: RUF001


def test_a_scale_has_few_numbers_and_names_stay(tmp_path: Path) -> None:
    def both(theme: Theme) -> Drawing:
        drawing = plot(theme)
        drawing.set_size_inches(12, 9)
        drawing.axes[0].set_xlim(0, 8)
        drawing.axes[0].set_yticks(range(9), [f"arm {k}" for k in range(9)])
        return drawing

    by_itself = both("light")
    by_itself.canvas.draw()
    assert len(by_itself.axes[0].get_xticks()) > MOST_TICKS + 1  # negative control
    draw(Figure(name="scale", draw=both, alt="a scale"), tmp_path / "scale")
    words = re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / "scale.svg").read_text())
    assert [word for word in words if word.startswith("arm ")] == [f"arm {k}" for k in range(9)]
    numbers = [word for word in words if re.fullmatch(r"[\d.]+", word)]
    assert 2 <= len(numbers) <= MOST_TICKS + 1
