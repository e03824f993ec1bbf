"""Cost: fronts against their definition, budgets, the search, the workers, growth with length."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from analysis.findings import Findings
from analysis.findings.costs import PRICES, Span, cost_findings
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.sections import cost_figures
from analysis.sections.card import Theme
from analysis.sections.cost import card
from analysis.sections.theme import style
from analysis.statistics.pareto import pareto_front
from analysis.statistics.power_law import power_law
from focus_core.config import TrialConfig
from sweeps.record.schema import Trial
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial
from tests.narrowing import known

WIDTHS = {"key": "model.width", "kind": "categorical", "choices": [32, 64, 128]}
LENGTHS = {"key": "task.length", "kind": "categorical", "choices": [64, 128, 256]}


@pytest.fixture
def read(ledger: MakeHome, sweep_of: MakeSweep, tmp_path: Path) -> Callable[..., Findings]:
    def build(trials: list[Trial], **about: Any) -> Findings:
        home = ledger(
            tmp_path / f"{len(list(tmp_path.iterdir()))}",
            sweep_of("s", "order", trials, **{"base": TrialConfig().canonical(), **about}),
        )
        return Findings(study(read_sweep(home, None)))

    return build


def costing(trial: Trial, **constants: float) -> Trial:
    for report in trial.reports:
        report.metrics = report.metrics | constants
    return trial


@pytest.fixture
def widths(trial_of: MakeTrial) -> Callable[[], list[Trial]]:
    """Three widths, made anew; the widest is no better than the middle one, and dearer."""
    return lambda: _widths(trial_of)


def _widths(trial_of: MakeTrial) -> list[Trial]:
    rows: list[Trial] = []
    for number, (width, score, size) in enumerate(
        [(32, 0.4, 1e4), (64, 0.8, 2.1e4), (128, 0.7, 5e4)]
    ):
        scores = [score, score + 0.01, score + 0.02]
        trial = trial_of(number, TrialConfig(), {"model.width": width}, scores)
        rows.append(costing(trial, parameters=size, seconds_per_step=0.01, peak_bytes=1e8))
    return rows


def test_a_front_is_what_no_offer_beats() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        price, quality = rng.integers(0, 6, 12).astype(float), rng.integers(0, 6, 12).astype(float)
        beaten = [
            any(
                price[j] <= price[i]
                and quality[j] >= quality[i]
                and (price[j] < price[i] or quality[j] > quality[i])
                for j in range(12)
            )
            for i in range(12)
        ]
        front = pareto_front(price, quality)
        assert sorted(front) == [i for i in range(12) if not beaten[i]]
        assert list(price[front]) == sorted(price[front])


def test_an_exponent_is_that_of_the_law() -> None:
    sizes = np.array([64.0, 128, 256, 512])
    noise = np.exp(0.05 * np.random.default_rng(0).standard_normal(4))
    law = known(power_law(sizes, 3 * sizes**1.5 * noise))
    low, high = known(law.low), known(law.high)
    assert low < 1.5 < high
    assert not low < 2 < high  # negative control
    exact = known(power_law(sizes[:2], 3 * sizes[:2] ** 1.5))
    assert [exact.exponent, exact.factor] == pytest.approx([1.5, 3])
    assert exact.low is None
    assert power_law(sizes[:1], sizes[:1]) is None


def test_what_is_worth_its_price(
    read: Callable[..., Findings], widths: Callable[[], list[Trial]]
) -> None:
    found = read(widths(), axes=[WIDTHS])
    (front,) = cost_findings(found.study).fronts  # seconds and memory are all the same
    assert front.price == "parameters"
    assert [offer.name for offer in front.best] == ["width=32", "width=64"]
    told = known(card(found))
    assert "(1) width=32, (2) width=64." in " ".join(told.words)
    assert told.data["pareto"] == {"parameters": [0, 1]}


def test_less_is_better_on_a_front_of_losses(
    read: Callable[..., Findings], widths: Callable[[], list[Trial]]
) -> None:
    (front,) = cost_findings(read(widths(), axes=[WIDTHS], direction="minimize").study).fronts
    assert [offer.name for offer in front.best] == ["width=32"]


def test_no_front_before_anything_is_told_apart(
    read: Callable[..., Findings], trial_of: MakeTrial
) -> None:
    rng, rows = np.random.default_rng(0), []
    for number, width in enumerate([32, 64, 128]):
        scores = [float(s) for s in rng.normal(0.6, 0.05, 3)]
        trial = trial_of(number, TrialConfig(), {"model.width": width}, scores)
        rows.append(costing(trial, parameters=1e4 * width))
    told = known(card(read(rows, axes=[WIDTHS])))
    assert not any("Worth" in words for words in told.words)
    assert "pareto" not in [figure.name for figure in told.figures]


def test_unequal_budgets_are_marked(
    read: Callable[..., Findings], widths: Callable[[], list[Trial]]
) -> None:
    trials = widths()
    trials[2].steps = 800
    found = read(trials, axes=[WIDTHS])
    rows = cost_findings(found.study).budgets
    assert rows[0].unequal == ("parameters -52 %",)
    assert rows[1].unequal == ()  # the reference
    assert rows[2].unequal[:2] == ("parameters +138 %", "steps +100 %")
    table = next(t for t in known(card(found)).tables if t.name == "budgets")
    assert table.rows[-1][-1] is None  # marked rows first
    assert len(table.links) == 3


def test_ten_percent_are_tolerated(
    read: Callable[..., Findings], widths: Callable[[], list[Trial]]
) -> None:
    sizes = (0.91e4, 1e4, 1.09e4)
    rows = [costing(t, parameters=size) for t, size in zip(widths(), sizes, strict=True)]
    found = cost_findings(read(rows, axes=[WIDTHS]).study)
    assert not any(row.unequal for row in found.budgets)


def test_the_search_goes_up_in_the_order_of_ending(
    read: Callable[..., Findings], widths: Callable[[], list[Trial]]
) -> None:
    last = known(widths()[2].finished)
    first_late, best_late = widths(), widths()
    first_late[0].finished = last + dt.timedelta(seconds=1)
    best_late[1].finished = last + dt.timedelta(seconds=1)
    found = cost_findings(read(first_late, axes=[WIDTHS], sampler="tpe").study)
    assert [(count, number) for count, number, _ in found.history] == [(1, 1)]
    found = cost_findings(read(best_late, axes=[WIDTHS], sampler="tpe").study)
    assert [(count, number) for count, number, _ in found.history] == [(1, 0), (2, 2), (3, 1)]
    assert cost_findings(read(widths(), axes=[WIDTHS]).study).history == ()  # a grid


def test_trials_at_a_time_stand_on_lines_of_their_own(
    read: Callable[..., Findings], widths: Callable[[], list[Trial]]
) -> None:
    together, reused = widths(), widths()
    together[1].started = together[0].started
    found = cost_findings(read(together, axes=[WIDTHS]).study)
    assert [span.line for span in found.spans] == [0, 1, 0]
    assert found.wall == 59
    reused[1].reused_from = "earlier"
    assert len(cost_findings(read(reused, axes=[WIDTHS]).study).spans) == 2


def test_growth_with_length(read: Callable[..., Findings], trial_of: MakeTrial) -> None:
    rows = []
    for number, length in enumerate([64, 128, 256]):
        config = TrialConfig().override({"task.length": length})
        trial = trial_of(number, config, {"task.length": length}, [0.5, 0.5, 0.6])
        seconds = 1e-4 * length**1.1
        rows.append(costing(trial, seconds_per_step=seconds, peak_bytes=1e4 * length**2))
    found = read(rows, axes=[LENGTHS])
    seconds, memory = cost_findings(found.study).growth
    assert seconds.law.exponent == pytest.approx(1.1)
    assert memory.law.exponent == pytest.approx(2)
    words = " ".join(known(card(found)).words)
    assert "Time a step grows as length to the power 1.10" in words
    assert {"timeline", "growth"} <= {figure.name for figure in known(card(found)).figures}


def test_nothing_is_told_of_trials_that_never_ran(
    read: Callable[..., Findings], trial_of: MakeTrial
) -> None:
    trial = trial_of(0, TrialConfig(), {"model.width": 64}, [None], state="failed", step=0)
    assert card(read([trial], axes=[WIDTHS])) is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_are_drawn(
    read: Callable[..., Findings], widths: Callable[[], list[Trial]], theme: Theme
) -> None:
    figures = known(card(read(widths(), axes=[WIDTHS], sampler="random"))).figures
    assert [figure.name for figure in figures] == ["pareto", "history", "timeline"]
    for figure in figures:
        with mpl.rc_context(style(theme)):
            assert figure.draw(theme).axes


def test_ten_thousand_trials_are_drawn_small() -> None:
    spans = [
        Span(number=n, state="complete", start=10.0 * n, end=10.0 * n + 25, line=n % 3)
        for n in range(10_000)
    ]
    buffer = io.BytesIO()
    cost_figures.timeline(spans)("light").savefig(buffer, format="svg")
    assert buffer.tell() < 200_000
    few = io.BytesIO()
    cost_figures.timeline(spans[:400])("light").savefig(few, format="svg")
    assert few.tell() < 400_000


def test_four_prices_stand_in_two_rows(
    read: Callable[..., Findings], widths: Callable[[], list[Trial]]
) -> None:
    rows = widths()
    for size, trial in enumerate(rows, 1):
        costing(
            trial, flops_per_token=1e6 * size, seconds_per_step=0.1 * size, peak_bytes=1e8 * size
        )
    found = read(rows, axes=[WIDTHS])
    assert [front.price for front in cost_findings(found.study).fronts] == list(PRICES)
    made = known(card(found))
    drawing = next(figure for figure in made.figures if figure.name == "pareto").draw("light")
    assert [ax.get_xlabel() for ax in drawing.axes] == [
        "parameters",
        "FLOPs a token, millions",
        "time a step, ms",
        "peak memory, MB",
    ]
    table = next(table for table in made.tables if table.name == "budgets")
    at = [column.title for column in table.columns].index("FLOPs a token")
    assert sorted(row[at] for row in table.rows) == [1, 2, 3]
    assert all(row[at + 1] is None for row in table.rows)  # of ledgers that do not say it
