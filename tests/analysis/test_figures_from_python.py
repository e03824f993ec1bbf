"""Every figure of a report is a function that draws into an ``Axes`` of the caller's."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from analysis import Loaded, figures, load
from analysis.sections import cards
from analysis.sections.axes_figures import strongest
from analysis.sections.card import Figure
from analysis.sections.theme import style
from focus_core.config import TrialConfig
from focus_core.errors import UserError
from tests.analysis.conftest import make_sweep, make_trial, write_ledger
from tests.analysis.drawn_sweeps import LENGTH, SWEEPS
from tests.narrowing import known

Draw = Callable[[Axes], Axes]
OF_A_TRIAL = {"impulse_response", "filter_response", "time_against_length"}
PUBLIC = {name: getattr(figures, name) for name in figures.__all__ if name not in OF_A_TRIAL}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("drawn"), *[make() for make in SWEEPS.values()])


@pytest.fixture(scope="module")
def sweeps(home: Path) -> dict[str, Loaded]:
    return {name: load(name, home) for name in SWEEPS}


@pytest.fixture(autouse=True)
def _off_screen() -> Iterator[None]:
    with mpl.rc_context():
        pyplot.switch_backend("agg")
        yield
    pyplot.close("all")


def calls(loaded: Loaded, figure: Figure) -> list[tuple[str, Draw]]:
    """The functions that draw what the report's figure shows, panel by panel, with their names."""

    def call(name: str, *words: Any, **options: Any) -> tuple[str, Draw]:
        return name, lambda ax: PUBLIC[name](loaded, *words, ax=ax, **options)

    with loaded.counting() as found:
        ordered, tuning = strongest(found.axes.axes), found.tuning
        pairs = {f"cells_{p.rows}_{p.columns}": p for p in found.axes.interactions}
        if figure.name in pairs:
            return [call("cells", pairs[figure.name].rows, pairs[figure.name].columns)]
        if figure.name.startswith("axis_"):
            return [call("effect", ordered[int(figure.name.split("_")[1]) - 1].key)]
        arms = [a.number for a in tuning.arms if a.curve and a.number != tuning.reference]
        panels: dict[str, Callable[[], list[tuple[str, Draw]]]] = {
            "verdict": lambda: [call("scores")],
            "verdict_more": lambda: [call("scores", most=60)],
            "verdict_axis": lambda: [call("effect", ordered[0].key)],
            "comparisons": lambda: [call("differences")],
            "curves": lambda: [call("learning_curves")],
            "curves_by_arm": lambda: [call("learning_curves_by_arm")],
            "partial_dependence": lambda: [
                call("importance_curve", curve.key) for curve in found.importances.curves
            ],
            "tuning_curves": lambda: [call("tuning_curve", arm) for arm in arms],
            "pareto": lambda: [call("cost_front", front.price) for front in found.costs.fronts],
            "growth": lambda: [
                call("growth", cost)
                for cost in dict.fromkeys(grown.cost for grown in found.costs.growth)
            ],
        }
        return panels.get(figure.name, lambda: [call(figure.name)])()


def drawn_in_reports(sweeps: dict[str, Loaded]) -> Iterator[tuple[Loaded, Figure]]:
    for loaded in sweeps.values():
        with loaded.counting() as found:
            yield from ((loaded, each) for card in cards(found) for each in card.figures)


def inches(drawing: Drawing) -> tuple[float, float]:
    width, height = drawing.get_size_inches()
    return float(width), float(height)


def svg(drawing: Drawing) -> str:
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "one"}):
        drawing.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def marks(ax: Axes) -> list[Any]:
    """The numbers and colours of all that an ``Axes`` shows."""
    found: list[Any] = [
        (np.asarray(line.get_xydata()).tolist(), line.get_color()) for line in ax.lines
    ]
    for each in ax.collections:
        places = [np.asarray(path.vertices).tolist() for path in each.get_paths()]
        found.append((places, np.asarray(each.get_offsets()).tolist(), str(each.get_facecolor())))
    return [*found, [text.get_text() for text in ax.texts], ax.get_title()]


def test_every_figure_of_every_report_is_a_function(sweeps: dict[str, Loaded]) -> None:
    """One panel: the same picture, to the letter. Several panels: the same marks in each."""
    used, pictures = set[str](), set[str]()
    for loaded, figure in drawn_in_reports(sweeps):
        with mpl.rc_context(style("light")):
            whole = figure.draw("light")
            named = calls(loaded, figure)
            used |= {name for name, _ in named}
            panels = [ax for ax in whole.axes if ax.axison]
            assert len(panels) == len(named), figure.name
            if len(named) == 1:
                own = Drawing(figsize=inches(whole), layout="constrained")
                ax = own.subplots()
                assert named[0][1](ax) is ax
                picture = svg(own)
                assert picture == svg(whole), figure.name
                pictures.add(picture)
            else:
                assert [marks(draw(Drawing().subplots())) for _, draw in named] == [
                    marks(panel) for panel in panels
                ], figure.name
                assert marks(panels[0]) != marks(panels[1])  # negative control
    assert used == PUBLIC.keys()
    assert len(pictures) > 25  # negative control: different figures are different pictures


def test_the_two_axes_of_cells_may_be_named_in_either_order(sweeps: dict[str, Loaded]) -> None:
    one, other = (
        figures.cells(sweeps["nfft_bins"], *pair, ax=Drawing().subplots())
        for pair in (("bin_length", "nfft_factor"), ("nfft_factor", "bin_length"))
    )
    assert marks(one) == marks(other)
    assert (one.get_ylabel(), one.get_xlabel()) == ("bin_length", "nfft_factor")


def test_a_figure_stands_beside_another(sweeps: dict[str, Loaded]) -> None:
    figure, (left, right) = pyplot.subplots(1, 2)
    assert figures.scores(sweeps["nfft_bins"], left) is left
    assert not right.has_data()
    assert figures.effect(sweeps["nfft_bins"], "bin_length", right) is right
    assert right.has_data()
    assert pyplot.get_fignums() == [figure.number]  # nothing else was made, nothing was closed


@pytest.mark.parametrize("name", ["scores", "differences"])
def test_each_bar_has_the_colour_of_its_arm(name: str, tmp_path: Path) -> None:
    """Of two bars too: matplotlib takes a pair of colours for one colour and its opacity."""
    trials = []
    for number, (length, score) in enumerate({64: 0.8, 128: 0.3, 256: 0.82}.items()):
        scores = [score, score + 0.02, score + 0.01 * (-1) ** number]
        trials.append(make_trial(number, TrialConfig(), {"task.length": length}, scores))
    home = write_ledger(tmp_path, make_sweep("two_bars", "order", trials, axes=[LENGTH]))
    loaded = load(home=home)
    assert loaded.comparisons["verdict"].nunique() == 2
    bars, _, means = PUBLIC[name](loaded).collections
    by_height = {height: tuple(c[:3]) for (_, height), c in diamonds(means)}
    found = {
        path.vertices[0][1]: tuple(c[:3])
        for path, c in zip(bars.get_paths(), bars.get_color(), strict=True)
    }
    assert len(set(found.values())) == 2
    assert found.items() <= by_height.items()


def diamonds(means: Any) -> Iterator[tuple[Any, Any]]:
    """The place and the colour of each mean."""
    return zip(means.get_offsets().tolist(), means.get_facecolor(), strict=True)


def test_without_an_ax_there_is_a_figure_in_the_reports_size(sweeps: dict[str, Loaded]) -> None:
    before = dict(mpl.rcParams)
    ax = figures.noise(sweeps["nfft_bins"])
    assert inches(known(ax.get_figure(root=True))) == (6.4, 3.2)
    assert not ax.spines["top"].get_visible()
    assert dict(mpl.rcParams) == before
    assert pyplot.gca() is ax


def test_what_a_report_does_not_show_is_refused(sweeps: dict[str, Loaded], home: Path) -> None:
    """Every function, for a sweep of one trial that never ran."""
    trial = make_trial(0, TrialConfig(), {}, [None], state="failed", step=0)
    empty = load(home=write_ledger(home / "empty", make_sweep("empty", "order", [trial])))
    for name, draw in PUBLIC.items():
        words = [p for p in inspect.signature(draw).parameters if p not in ("loaded", "ax", "most")]
        fresh = Drawing().subplots()
        with pytest.raises(UserError) as refused:
            draw(empty, *words, ax=fresh)
        assert "\n" not in str(refused.value), name
        assert not fresh.has_data()


@pytest.mark.parametrize(
    ("draw", "words", "said"),
    [
        ("effect", ["bin_lenght"], "did you mean 'bin_length'?"),
        ("effect", ["x"], "there is model.bin_length, model.nfft_factor"),
        ("cells", ["bin_length", "factor"], "did you mean 'bin_length by nfft_factor'?"),
        ("importance_curve", ["bin_length"], "complete grid"),
        ("tuning_curve", [3], "random tries"),
        ("cost_front", ["parameters"], "no price differs"),
        ("growth", ["peak_bytes"], "the length does not vary"),
        ("history", [], "no history is shown of a grid"),
    ],
)
def test_a_wrong_name_is_answered(
    sweeps: dict[str, Loaded], draw: str, words: list[Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        PUBLIC[draw](sweeps["nfft_bins"], *words)
