"""Tuning curves: the band holds at every number of tries at once; grids and TPE have none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from analysis.findings import Findings
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.sections.card import Theme
from analysis.sections.theme import style
from analysis.sections.tuning import card
from analysis.statistics.tuning_curves import decided_budgets, tuning_curve
from focus_core.config import TrialConfig
from sweeps.record.schema import Trial
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial
from tests.narrowing import known

Axes = list[dict[str, Any]]
AXES: Axes = [
    {"key": "variant", "kind": "categorical", "choices": ["base", "focus_h", "ema"]},
    {
        "key": "train.learning_rate",
        "kind": "float",
        "low": 1e-4,
        "high": 1e-2,
        "log": True,
        "tuned": True,
    },
]
MEANS = {"base": 0.6, "focus_h": 0.3, "ema": 0.59}


@pytest.fixture
def read(
    ledger: MakeHome,
    sweep_of: MakeSweep,
    trial_of: MakeTrial,
    tmp_path: Path,
) -> Callable[..., Findings]:
    def build(
        *,
        sampler: str = "random",
        tries: int = 24,
        fate: dict[int, dict[str, Any]] | None = None,
        axes: Axes = AXES,
    ) -> Findings:
        rng = np.random.default_rng(0)
        rows: list[Trial] = []
        for variant, mean in MEANS.items():
            for _ in range(tries):
                rate = float(10 ** rng.uniform(-4, -2))
                config = TrialConfig().override({"train.learning_rate": rate})
                point = {"variant": variant, "train.learning_rate": rate}
                scores = [float(mean + 0.03 * rng.standard_normal())] * 3
                options = (fate or {}).get(len(rows), {})
                row = trial_of(len(rows), config, point, scores, variant=variant, **options)
                row.trial_id = f"{len(rows):012x}"
                rows.append(row)
        home = ledger(
            tmp_path / f"{len(list(tmp_path.iterdir()))}",
            sweep_of("s", "baselines", rows, axes=axes, sampler=sampler),
        )
        return Findings(study(read_sweep(home, None)))

    return build


def test_the_band_holds_at_every_number_of_tries_at_once() -> None:
    """And one of 50 % does not: negative control."""
    rng = np.random.default_rng(1)
    tries, sweeps = 24, 200
    budgets = np.arange(1, tries + 1)
    truth = 0.5 ** (1 / budgets)  # the median of the best of k uniform numbers
    covered = {0.95: 0, 0.5: 0}
    for _ in range(sweeps):
        scores = rng.random(tries).tolist()
        for level in covered:
            curve = tuning_curve(scores, maximize=True, bounds=(0.0, 1.0), level=level)
            low, high = np.array(curve.low), np.array(curve.high)
            covered[level] += bool(np.all((low <= truth) & (truth <= high)))
    assert covered[0.95] / sweeps >= 0.95 - 0.046  # three standard errors
    assert covered[0.5] / sweeps < 0.9


@pytest.mark.parametrize(("tries", "reach"), [(5, 0), (24, 2), (48, 5)])
def test_few_tries_say_little(tries: int, reach: int) -> None:
    scores = np.random.default_rng(0).normal(0.6, 0.05, tries).tolist()
    lost = [-score for score in scores]
    assert tuning_curve(scores, maximize=True, bounds=(0.0, 1.0)).informative == reach
    assert tuning_curve(lost, maximize=False).informative == reach


def test_less_may_be_better() -> None:
    scores = np.random.default_rng(0).random(30)
    up = tuning_curve(scores.tolist(), maximize=True)
    down = tuning_curve((-scores).tolist(), maximize=False)
    assert np.allclose(up.low, np.negative(down.high))
    assert np.allclose(up.high, np.negative(down.low))
    assert up.middle[-1] > up.middle[0]


def test_ties_and_many_tries_are_no_trouble(capfd: pytest.CaptureFixture[str]) -> None:
    assert tuning_curve([0.5] * 12, maximize=True).middle == (0.5,) * 12
    curve = tuning_curve(np.random.default_rng(0).random(4000).tolist(), maximize=True)
    assert len(curve.middle) == 1000
    assert curve.informative > 9
    assert capfd.readouterr() == ("", "")


def test_two_bands_lie_apart_where_their_scores_do() -> None:
    rng = np.random.default_rng(2)
    low, high = (tuning_curve(rng.normal(m, 0.03, 48).tolist(), maximize=True) for m in (0.3, 0.6))
    assert decided_budgets(low, high)[:3] == [1, 2, 3]
    assert decided_budgets(low, low) == []


def test_random_tries_are_judged_by_their_curves(read: Callable[..., Findings]) -> None:
    found = read()
    base, static, ema = known(found.tuning).arms
    assert (base.tries, base.holds, base.better) == (24, None, None)
    assert (static.better, known(static.holds)[:1]) == (False, (1,))
    assert (ema.holds, ema.better) == ((), None)
    told = known(card(found))
    assert told.status == "open"
    assert any("is worse than" in words and "tries" in words for words in told.words)
    assert any("1 arm cannot be told from" in words for words in told.words)


@pytest.mark.parametrize(("sampler", "why"), [("grid", "fixed values"), ("tpe", "TPE")])
def test_where_tries_are_not_random_tuning_luck_is_left_out(
    read: Callable[..., Findings], sampler: str, why: str
) -> None:
    told = known(card(read(sampler=sampler)))
    assert told.status == "plain"
    assert why in told.words[1]
    assert "tuning luck is not in any interval" in told.words[1]
    assert not told.figures


def test_a_try_that_came_to_nothing_counts_as_the_worst(read: Callable[..., Findings]) -> None:
    """Leaving lost tries out would make an arm look better the more it loses."""
    whole = known(known(read().tuning).arms[0].curve)
    lost = {n: {"state": "pruned", "step": 50} for n in range(12)}
    hurt = known(read(fate=lost).tuning).arms[0]
    assert (hurt.tries, hurt.whole) == (24, 12)
    assert known(hurt.curve).middle[0] < whole.middle[0]


def test_too_few_tries_have_no_curve(read: Callable[..., Findings]) -> None:
    told = known(card(read(tries=4)))
    assert "No arm has 5 random tries" in told.words[1]


def test_nothing_is_said_where_nothing_is_tuned(read: Callable[..., Findings]) -> None:
    axes = [AXES[0], {k: v for k, v in AXES[1].items() if k != "tuned"}]
    assert card(read(axes=axes)) is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_curves_are_drawn(read: Callable[..., Findings], theme: Theme) -> None:
    (figure,) = known(card(read())).figures
    with mpl.rc_context(style(theme)):
        assert len(figure.draw(theme).axes) == 2
