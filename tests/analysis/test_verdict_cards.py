"""The first cards: what they say of a sweep, and what they must never say of a degenerate one."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from analysis.findings import Findings
from analysis.reading.arms import Arm
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.sections import comparisons, verdict, winner
from analysis.sections.card import Card, Theme
from analysis.sections.naming import by_settings, listed, name_arms
from analysis.sections.theme import style
from focus_core.config import TrialConfig
from sweeps.record.schema import Sweep
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial

SECTIONS = (verdict, winner, comparisons)


@pytest.fixture
def cards(tmp_path: Path, ledger: MakeHome) -> Callable[..., list[Card]]:
    def _cards(sweep: Sweep, margin: float | None = None) -> list[Card]:
        home = ledger(tmp_path / str(len(list(tmp_path.iterdir()))), sweep)
        findings = Findings(study(read_sweep(home, None), margin=margin))
        return [section.card(findings) for section in SECTIONS]

    return _cards


@pytest.fixture
def arms(trial_of: MakeTrial, sweep_of: MakeSweep) -> Callable[..., Sweep]:
    """A sweep of one axis, a row of scores an arm; None is a seed that diverged."""

    def _arms(
        scores: Sequence[Sequence[float | None]],
        values: Sequence[Any] | None = None,
        key: str = "train.learning_rate",
        **changes: Any,
    ) -> Sweep:
        names = values or [0.001 * (i + 1) for i in range(len(scores))]
        trial = {k: changes.pop(k) for k in ("state", "step") if k in changes}
        trials = []
        for i, (name, row) in enumerate(zip(names, scores, strict=True)):
            made = trial_of(
                i, TrialConfig(), {"train.learning_rate": 0.001 * (i + 1)}, row, **trial
            )
            made.point = {key: name}
            trials.append(made)
        axes = [{"key": key, "kind": "categorical", "choices": list(names)}]
        return sweep_of("few", "nfft_bins", trials, **({"axes": axes} | changes))

    return _arms


def _words(card: Card) -> str:
    return "\n".join(card.words)


def test_the_verdict_of_a_grid_names_the_level(
    cards: Callable[..., list[Card]], grid: MakeSweep
) -> None:
    first, second, third = cards(grid())
    assert first.title.startswith("How do bin length")
    assert "bin_length 64" in first.words[0]
    assert "below" in first.words[0]
    assert dict(first.facts)["worse"] >= "3"
    assert first.words[-1] == "12 configurations × 3 seeds, all complete."  # noqa: RUF001
    assert "No single winner" in second.words[0]
    assert len(third.tables[0].rows) == 11
    differences = [row[1] for row in third.tables[0].rows]
    assert differences == sorted(differences, reverse=True)


def test_a_sentence_never_claims_more_than_its_intervals(
    cards: Callable[..., list[Card]], grid: MakeSweep
) -> None:
    first, _, third = cards(grid())
    worse = [row for row in third.data["rows"] if row["verdict"] == "worse"]
    told = re.search(r"\(95 %: ([\d.]+) to ([\d.]+)\)", first.words[0])
    assert told is not None
    assert float(told[1]) == pytest.approx(min(-row["high"] for row in worse), abs=5e-3)
    assert float(told[2]) == pytest.approx(max(-row["low"] for row in worse), abs=5e-3)


def test_a_level_is_named_only_where_all_its_arms_agree(
    cards: Callable[..., list[Card]], grid: MakeSweep
) -> None:
    sweep = grid()
    for replicate in sweep.trials[1].replicates:  # a second bin length of 64 that works
        replicate.value = replicate.test = 0.8
    sweep.trials[1].value = sweep.trials[1].test = 0.8
    assert "bin_length 64" not in _words(cards(sweep)[0])


def test_stuck_seeds_are_told_as_a_rate(
    cards: Callable[..., list[Card]], arms: Callable[..., Sweep]
) -> None:
    scores = [
        [0.8, 0.82, 0.79, 0.81, 0.8],
        [0.25, 0.25, 0.8, 0.25, 0.26],
        [0.78, 0.8, 0.8, 0.8, 0.79],
    ]
    first, _, third = cards(arms(scores, base=TrialConfig().canonical()))
    assert "learned in 1 of 5 seeds" in _words(first)
    assert "1 of 5" in [row[-1] for row in third.tables[0].rows]


DEGENERATE: dict[str, dict[str, Any]] = {
    "empty": {"scores": [], "planned": 12, "finished": None},
    "one trial": {"scores": [[0.5, 0.6, 0.7]]},
    "one seed": {"scores": [[0.5], [0.9], [0.1]], "seeds": 1},
    "two seeds": {"scores": [[0.5, 0.51], [0.9, 0.91], [0.1, 0.11]], "seeds": 2},
    "all failed": {"scores": [[0.5, 0.6], [0.4, 0.4]], "state": "failed"},
    "all pruned": {"scores": [[0.5, 0.6], [0.4, 0.4]], "state": "pruned", "step": 100},
    "all diverged": {"scores": [[0.5, None, 0.6], [None, 0.4, 0.4]]},
    "all equal": {"scores": [[0.7, 0.7, 0.7]] * 4},
    "all perfect": {"scores": [[1.0, 1.0, 1.0]] * 4},
    "all at chance": {"scores": [[0.24, 0.26, 0.25], [0.25, 0.25, 0.26], [0.26, 0.24, 0.25]]},
    "infinite": {"scores": [[0.5, 0.6, 0.7], [float("inf"), 0.5, 0.5], [0.45, 0.66, 0.6]]},
    "not a number": {"scores": [[0.5, 0.6, 0.7], [float("nan")] * 3, [0.45, 0.66, 0.6]]},
    "unicode": {"scores": [[0.5, 0.6, 0.7], [0.55, 0.57, 0.72]], "values": ["漢字 $x$", "ö_é"]},
    "constant knob": {"scores": [[0.5, 0.6, 0.7]] * 2, "values": [8, 8]},
    "running": {"scores": [[0.5, 0.6, 0.7], [0.5, 0.6, 0.7]], "finished": None, "planned": 9},
    "huge": {"scores": [[5e9, 6e9, 7e9], [1e9, 2e9, 1e9]], "metric": "validation thing"},
    "tiny": {"scores": [[5e-9, 6e-9, 7e-9], [1e-9, 2e-9, 1e-9]], "metric": "validation loss",
             "direction": "minimize"},
    "sixty arms": {"scores": np.random.default_rng(0).normal(0.6, 0.05, (60, 3)).tolist()},
}  # fmt: skip


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_sweeps_say_what_they_cannot_say(
    cards: Callable[..., list[Card]], arms: Callable[..., Sweep], case: str
) -> None:
    first, second, third = cards(arms(**DEGENERATE[case]))
    for card in (first, second, third):
        assert all(card.words), card.name
        assert not re.search(r"\b(nan|inf)\b|None", _words(card)), _words(card)
        json.dumps(card.data, allow_nan=False)
        for table in card.tables:
            assert all(len(row) == len(table.columns) for row in table.rows)
            assert not table.links or len(table.links) == len(table.rows)
    if case not in ("huge", "tiny"):
        assert second.data["winner"] is None
        assert second.status == "open"
        assert first.words[0].startswith(("No answer", "Nothing is told", "All", "train", "learn"))
    if first.data["gate"] is None or not first.data["gate"]["rejected"]:
        assert second.words[0].startswith("No winner")
        assert "est on validation" not in _words(second)
        assert second.commands == []


@pytest.mark.parametrize("case", ["unicode", "sixty arms", "huge", "two seeds"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_are_drawn_in_both_themes(
    cards: Callable[..., list[Card]], arms: Callable[..., Sweep], case: str, theme: Theme
) -> None:
    figures = [figure for card in cards(arms(**DEGENERATE[case])) for figure in card.figures]
    assert figures
    for figure in figures:
        with mpl.rc_context(style(theme)), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
            drawing = figure.draw(theme)
            drawing.draw_without_rendering()
            assert drawing.get_size_inches()[0] <= 6
            assert drawing.get_size_inches()[1] <= 16
            drawing.set_size_inches(4.1, drawing.get_size_inches()[1])  # a phone
            drawing.draw_without_rendering()
            left, right = drawing.axes[0].get_position().intervalx
            assert right - left > 0.3


def test_many_arms_are_capped_and_the_rest_is_told(
    cards: Callable[..., list[Card]], arms: Callable[..., Sweep]
) -> None:
    first, _, third = cards(arms(**DEGENERATE["sixty arms"]))
    assert [figure.folded for figure in first.figures] == [False, True]
    assert "The 24 of 60" in first.figures[0].caption
    assert len(third.tables[0].rows) == 59


def _arm(number: int, **point: Any) -> Arm:
    known: dict[str, Any] = dict.fromkeys(Arm.__dataclass_fields__)
    label = " ".join(f"{key}={value}" for key, value in point.items())
    return Arm(**{**known, "number": number, "point": point, "label": label})


def test_levels_in_words() -> None:
    grid = [_arm(3 * i + j, a=a, b=b) for i, a in enumerate((1, 2)) for j, b in enumerate("xyz")]
    axes = [{"key": "a"}, {"key": "b"}]
    assert name_arms(grid[:3], grid, axes) == "a 1"
    assert name_arms([grid[0], grid[3]], grid, axes) == "b x"
    assert name_arms([grid[0], grid[1]], grid, axes) == "a=1 b=x and a=1 b=y"
    assert name_arms([*grid[:3], grid[4]], grid, axes) == "a 1 and a=2 b=y"
    assert listed(["p", "q", "r"]) == "p, q and r"
    assert listed([str(i) for i in range(9)]) == "0, 1, 2, 3 and 5 others"


@pytest.fixture
def drawn(trial_of: MakeTrial, sweep_of: MakeSweep) -> Sweep:
    """Two axes drawn at random: the first matters, the second does not."""
    rng = np.random.default_rng(2)
    trials = []
    for number in range(24):
        point = {"model.bin_length": int(rng.choice([8, 64])), "model.order": int(rng.integers(3))}
        score = {8: 0.8, 64: 0.4}[point["model.bin_length"]] + 0.02 * rng.standard_normal()
        base = TrialConfig().override({"train.learning_rate": 0.001 * (number + 1)})
        seeds = [float(score + 0.02 * rng.standard_normal()) for _ in range(3)]
        trials.append(trial_of(number, base, {}, seeds))
        trials[-1].point = point
    choices = {"model.bin_length": [64, 8], "model.order": [0, 1, 2]}
    axes = [{"key": key, "kind": "categorical", "choices": of} for key, of in choices.items()]
    return sweep_of("drawn", "focus", trials, sampler="random", axes=axes)


def test_where_settings_were_drawn_the_axes_answer(
    cards: Callable[..., list[Card]], drawn: Sweep, grid: MakeSweep
) -> None:
    first, second, _ = cards(drawn)
    assert first.words[0].startswith("bin_length matters: 8 is 0.")
    assert "trials may each be the best" in first.words[1]
    assert first.data["answer"][:2] == first.words[:2]
    assert [figure.name for figure in first.figures] == ["verdict_axis", "verdict"]
    assert [figure.folded for figure in first.figures] == [False, True]
    assert first.tables == []  # no plan of many seeds for every trial that was drawn
    assert [command.command for command in first.commands] == [second.commands[0].command]
    assert "--confirm 5" in first.commands[0].command
    on_grid = cards(grid())[0]
    assert "matters" not in on_grid.words[0]
    assert on_grid.figures[0].name == "verdict"


def test_trials_are_listed_by_number_and_levels_by_size() -> None:
    assert listed(["trial 8", "trial 19", "trial 20"]) == "trials 8, 19 and 20"
    assert listed(["trial 8"]) == "trial 8"
    assert listed(["trial 8", "base"]) == "trial 8 and base"
    arms = [_arm(i, a=a) for i, a in enumerate((32, 8, "x", 16))]
    assert [arm.point["a"] for arm in sorted(arms, key=by_settings)] == [8, 16, 32, "x"]
