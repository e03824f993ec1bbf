"""From a study's trials to the section on importances: who counts, what is said, what is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from analysis.findings import Findings
from analysis.findings.encoded import EncodedAxis, encoded_axes, encoded_points
from analysis.findings.importances import importance_findings
from analysis.reading.ledger import read_sweep
from analysis.reading.study import Study, study
from analysis.sections.card import Theme
from analysis.sections.importances import card
from analysis.sections.theme import style
from focus_core.config import TrialConfig
from sweeps.record.schema import Trial
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial
from tests.narrowing import known

RATE = {"key": "train.learning_rate", "kind": "float", "low": 1e-4, "high": 1e-2, "log": True}
ORDER = {"key": "model.order", "kind": "int", "low": 1, "high": 4, "log": False}
BIN = {"key": "model.bin_length", "kind": "categorical", "choices": [64, 32, 16, 8]}


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.statistics.importance.PARAMETER_DRAWS", 3)
    monkeypatch.setattr("analysis.statistics.importance.POINTS", 64)


@pytest.fixture
def read(
    ledger: MakeHome,
    sweep_of: MakeSweep,
    trial_of: MakeTrial,
    tmp_path: Path,
) -> Callable[..., Study]:
    """A study of trials at random points; ``effect`` is what a tenfold rate adds."""

    def build(
        *,
        effect: float = 0.2,
        trials: int = 24,
        fate: dict[int, dict[str, Any]] | None = None,
        seeds: int = 3,
        axes: Sequence[dict[str, Any]] = (RATE, BIN),
        spread: float = 0.01,
    ) -> Study:
        rng = np.random.default_rng(0)
        rows: list[Trial] = []
        for number in range(trials):
            rate = float(10 ** rng.uniform(-4, -2))
            point = {"train.learning_rate": rate, "model.bin_length": int(rng.choice([64, 32, 16]))}
            score = 0.5 + effect * (math.log10(rate) + 3)
            scores = [float(s) for s in score + spread * rng.standard_normal(seeds)]
            options = (fate or {}).get(number, {})
            rows.append(trial_of(number, TrialConfig(), point, scores, **options))
        home = ledger(
            tmp_path / f"{len(list(tmp_path.iterdir()))}",
            sweep_of("s", "order", rows, axes=list(axes), sampler="random", seeds=seeds),
        )
        return study(read_sweep(home, None))

    return build


def test_the_axis_that_does_it_all_is_told(read: Callable[..., Study]) -> None:
    found = Findings(read())
    told = known(card(found))
    rate, other = found.importances.axes
    assert (rate.name, rate.rank, rate.detectable) == ("learning_rate", 1, True)
    assert not other.detectable
    assert told.status == "decided"
    assert told.words[0] == "Of 2 axes only learning_rate is seen to move the score."
    assert told.tables[0].rows[1][1] is None  # no share of what is not told from chance
    curve = found.importances.curves[0]
    assert curve.name == "learning_rate"
    at = np.argmin(np.abs(np.array(curve.values) - 1e-3))
    assert curve.mean[at] == pytest.approx(0.5, abs=0.03)
    assert curve.low[at] < curve.mean[at] < curve.high[at]


def test_of_noise_nothing_is_said(read: Callable[..., Study]) -> None:
    told = known(card(Findings(read(effect=0.0))))
    assert told.status == "open"
    assert "Nothing could be told apart" in told.words[0]
    assert (list(told.tables), list(told.figures)) == ([], [])
    assert (told.data["axes"], told.data["explained"]) == ([], None)


def test_only_full_budget_trials_count_and_survivors_are_called_so(
    read: Callable[..., Study],
) -> None:
    lies = {n: {"state": "pruned", "step": 50} for n in (1, 4, 5)}
    lies |= {7: {"causal": False}, 9: {"leak": 0.5}, 11: {"state": "killed", "step": 50}}
    found = Findings(read(fate=lies))
    assert found.importances.trials == 18
    assert found.importances.left_out == {"killed": 1, "leaky": 2, "pruned": 3}
    words = " ".join(known(card(found)).words)
    assert "From 18 of 24 trials" in words
    assert "survivors only" in words
    assert "survivors" not in " ".join(known(card(Findings(read()))).words)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"trials": 7}, "Fewer than 8"),
        ({"effect": 0.0, "spread": 0.0}, "no spread"),
        ({"trials": 1}, "fewer than two"),
        ({"fate": {n: {"state": "failed"} for n in range(24)}}, "fewer than two"),
    ],
)
def test_too_little_is_said(
    read: Callable[..., Study], options: dict[str, float | dict[int, dict[str, str]]], why: str
) -> None:
    found = Findings(read(**options))
    assert found.importances.axes == ()
    assert why in known(card(found)).words[0]


def test_one_axis_has_no_importance(read: Callable[..., Study]) -> None:
    assert card(Findings(read(axes=(RATE,)))) is None


def test_one_seed_is_told(read: Callable[..., Study]) -> None:
    assert "one seed" in " ".join(known(card(Findings(read(seeds=1)))).words)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_are_drawn(read: Callable[..., Study], theme: Theme) -> None:
    for figure in known(card(Findings(read()))).figures:
        with mpl.rc_context(style(theme)):
            assert figure.draw(theme).axes[0].get_xlabel()


def test_nothing_is_printed(read: Callable[..., Study], capfd: pytest.CaptureFixture[str]) -> None:
    card(Findings(read()))
    assert capfd.readouterr() == ("", "")


def test_points_are_coded_by_the_whole_space(read: Callable[..., Study]) -> None:
    found = read()
    axes = encoded_axes([RATE, ORDER, BIN], found.trials)
    assert [axis.key for axis in axes] == ["train.learning_rate", "model.bin_length"]
    assert axes[1].choices == (64, 32, 16)  # 8 was never trained
    codes = encoded_points(axes, found.trials)
    expected = (math.log10(found.trials[0].point["train.learning_rate"]) + 4) / 2
    assert codes[0, 0] == pytest.approx(expected)
    for axis in (*axes, EncodedAxis(key="a", low=2.0, high=6.0)):
        some = axis.choices[-1] if axis.choices else 0.3 * axis.low + 0.7 * axis.high
        assert axis.value(axis.code(some)) == pytest.approx(some)


def test_an_axis_that_only_some_trials_have_is_told(read: Callable[..., Study]) -> None:
    found = read()
    for arm in found.trials:
        if arm.point["model.bin_length"] != 64:
            del arm.point["train.learning_rate"]
    result = importance_findings(found)
    assert {axis.name: axis.conditional for axis in result.axes} == {
        "learning_rate": True,
        "bin_length": False,
    }
