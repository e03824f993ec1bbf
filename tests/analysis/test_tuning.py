"""Tuned axes: each arm stands at its own best value, chosen on validation, and nothing hides."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.findings import Findings
from analysis.findings.budgets import budgets
from analysis.findings.comparisons import compare_arms
from analysis.reading.arms import Arm, arms
from analysis.reading.ledger import read_sweep
from analysis.reading.reference import reference_arm
from analysis.reading.study import Study, study
from analysis.reading.tuned import tune
from analysis.sections.trials import card as trials_card
from focus_core.config import TrialConfig
from sweeps.record.schema import Sweep, Trial
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial
from tests.without_ledger import trials_table

Make = Callable[..., Any]
ALPHA = 0.05
RATES = (0.001, 0.003, 0.01)
VARIANTS = ("base", "focus_h", "ema")
AXES: list[dict[str, Any]] = [
    {"key": "variant", "kind": "categorical", "choices": list(VARIANTS)},
    {"key": "train.learning_rate", "kind": "categorical", "choices": list(RATES), "tuned": True},
]
SCORES = {"base": (0.50, 0.80, 0.60), "focus_h": (0.55, 0.40, 0.30), "ema": (0.20, 0.30, 0.80)}
"""Each variant at each rate: at 0.003, that of the base, two of them look worse than they are."""


@pytest.fixture
def tuned_sweep(sweep_of: MakeSweep, trial_of: MakeTrial) -> Callable[..., Sweep]:
    """Three variants at three rates, six seeds."""

    def build(*, base_rate: float = 0.003, fate: dict[int, dict[str, Any]] | None = None) -> Sweep:
        rng = np.random.default_rng(0)
        trials: list[Trial] = []
        for variant in VARIANTS:
            for rate, score in zip(RATES, SCORES[variant], strict=True):
                config = TrialConfig().override({"train.learning_rate": rate})
                point = {"variant": variant, "train.learning_rate": rate}
                seeds = [float(s) for s in score + 0.01 * rng.standard_normal(6)]
                number = len(trials)
                told = (fate or {}).get(number, {})
                trial = trial_of(number, config, {}, seeds, variant=variant, **told)
                trial.point = point
                trials.append(trial)
        base = TrialConfig().override({"train.learning_rate": base_rate})
        return sweep_of("tuned", "baselines", trials, axes=AXES, seeds=6, base=base.canonical())

    return build


def found_of(home: Path, write: Make, sweep: Sweep) -> Findings:
    return Findings(study(read_sweep(write(home, sweep), None)))


def chosen(found: Findings) -> list[str]:
    return [arm.label for arm in found.study.arms]


def test_each_arm_stands_at_its_own_best_rate(
    tmp_path: Path, ledger: MakeHome, tuned_sweep: Make
) -> None:
    found = found_of(tmp_path, ledger, tuned_sweep())
    assert chosen(found) == [
        "base learning_rate=0.003",
        "focus_h learning_rate=0.001",
        "ema learning_rate=0.01",
    ]
    assert found.study.reference is found.study.arms[0]
    assert found.study.reference_why == "the sweep's base"
    rows = found.comparisons.rows
    assert [row.arm.label for row in rows] == chosen(found)[1:]
    assert [row.difference for row in rows] == pytest.approx([-0.25, 0.0], abs=0.02)
    (axis,) = found.axes.axes
    assert {level.label: round(level.mean or 0, 1) for level in axis.levels} == {
        "base": 0.8, "focus_h": 0.6, "ema": 0.8,
    }  # fmt: skip
    assert axis.differs  # at unlike rates, but each at its own
    assert len(found.study.trials) == 9


def test_negative_control_an_axis_that_is_not_tuned_is_compared(
    tmp_path: Path, ledger: MakeHome, tuned_sweep: Make
) -> None:
    sweep = tuned_sweep()
    sweep.axes = [{k: v for k, v in axis.items() if k != "tuned"} for axis in AXES]
    found = found_of(tmp_path, ledger, sweep)
    assert len(chosen(found)) == 9
    assert len(found.comparisons.rows) == 8
    assert len(found.axes.axes) == 2


def test_the_reference_is_the_base_at_whichever_rate_suits_it(
    tmp_path: Path, ledger: MakeHome, tuned_sweep: Make
) -> None:
    found = found_of(tmp_path, ledger, tuned_sweep(base_rate=0.01))
    assert found.study.reference is not None
    assert found.study.reference.label == "base learning_rate=0.003"


def test_what_was_not_trained_in_full_is_not_chosen_and_is_counted(
    tmp_path: Path, ledger: MakeHome, tuned_sweep: Make
) -> None:
    lost = {"state": "failed", "reason": "MemoryError: 8 GiB"}
    fate = {3: lost, 6: lost, 7: lost, 8: lost}  # static's best rate, and all of ema's
    found = found_of(tmp_path, ledger, tuned_sweep(fate=fate))
    assert chosen(found)[1:] == ["focus_h learning_rate=0.003", "ema learning_rate=0.001"]
    reasons = {arm.label: why for arm, why in found.comparisons.left_out}
    assert reasons["ema learning_rate=0.001"] == "failed"
    tried = {row.name: (row.tried, row.unequal) for row in budgets(found.study)}
    assert tried["base learning_rate=0.003"] == (3, ())
    assert tried["focus_h learning_rate=0.003"] == (2, ("1 fewer try",))
    assert tried["ema learning_rate=0.001"] == (0, ("3 fewer tries",))
    assert found.trust.counts["failed"] == 4


def test_the_table_of_trials_says_which_were_chosen(
    tmp_path: Path, ledger: MakeHome, tuned_sweep: Make
) -> None:
    def chosen_of(sweep: Sweep, home: Path) -> tuple[int, bool]:
        found = trials_card(Findings(study(read_sweep(ledger(home, sweep), None))))
        assert found is not None
        at = [column.title for column in found.tables[0].columns].index("state")
        marks = [row[at] for row in found.tables[0].rows]
        note = "Each arm stands at its own learning_rate, chosen on validation."
        return sum("chosen" in mark for mark in marks), note in found.words

    assert chosen_of(tuned_sweep(), tmp_path) == (3, True)
    assert chosen_of(plain(tuned_sweep()), tmp_path / "plain") == (0, False)


def plain(sweep: Sweep) -> Sweep:
    sweep.axes = AXES[:1]
    return sweep


# Calibration: 12 arms at three rates, nine seeds, equal where each is at its best rate.

TABLES = 150
ERROR = 3 * math.sqrt(ALPHA * (1 - ALPHA) / TABLES)
WRONG_RATE = 0.08  # what it costs


@pytest.fixture
def twelve_arms(
    trial_of: MakeTrial, sweep_of: MakeSweep, ledger: MakeHome, tmp_path: Path
) -> Study:
    trials = []
    for number in range(36):
        trial = trial_of(number, TrialConfig(), {}, [0.5] * 9)
        trial.trial_id = f"{number:012x}"
        trial.point = {"arm": f"a{number // 3}", "train.learning_rate": RATES[number % 3]}
        trials.append(trial)
    axes = [{"key": "arm", "kind": "categorical", "choices": [f"a{k}" for k in range(12)]}, AXES[1]]
    home = ledger(tmp_path, sweep_of("aa", "order", trials, axes=axes, seeds=9))
    return study(read_sweep(home, None))


def rescored(found: Sequence[Arm], rng: np.random.Generator) -> list[Arm]:
    """Validation and test see the same networks, each with the noise of its own sequences."""
    shape = (len(found), 9)
    wrong = [WRONG_RATE * (n % 3 != n // 3 % 3) for n in range(len(found))]
    nets = 0.5 + rng.normal(0, 0.02, 9) + rng.normal(0, 0.03, shape) - np.array(wrong)[:, None]
    values, tests = (nets + rng.normal(0, 0.01, shape) for _ in range(2))
    for arm, value, test in zip(found, values, tests, strict=True):
        object.__setattr__(arm, "values", dict(enumerate(value.tolist())))
        object.__setattr__(arm, "tests", dict(enumerate(test.tolist())))
        object.__setattr__(arm, "value", float(value.mean()))
    return list(found)


def share_called(asked: Study, choose: Callable[[list[Arm]], list[Arm]]) -> float:
    """The share of tables in which some arm is called better or worse than the first."""
    rng, called = np.random.default_rng(4), 0
    for _ in range(TABLES):
        stand = choose(rescored(asked.trials, rng))
        tuned = dataclasses.replace(asked.tuned, arms=stand)
        rows = compare_arms(dataclasses.replace(asked, tuned=tuned, reference=stand[0])).rows
        called += any(row.verdict in ("better", "worse") for row in rows)
    return called / TABLES


def test_where_nothing_differs_but_the_rate_nothing_is_called(twelve_arms: Study) -> None:
    called = share_called(twelve_arms, lambda arms: tune(arms, AXES, maximize=True).arms)
    assert called <= ALPHA + ERROR


def test_negative_control_at_one_rate_for_all_rates_are_called_differences(
    twelve_arms: Study,
) -> None:
    assert share_called(twelve_arms, lambda arms: arms[1::3]) > 0.9


def test_the_base_is_found_with_another_rate(trial_of: MakeTrial) -> None:
    base = TrialConfig().override({"train.learning_rate": 0.01})
    trials = [trial_of(0, TrialConfig(), {"model.order": 1}, [0.5] * 5)]
    trials.append(trial_of(1, TrialConfig(), {}, [0.5] * 5))
    found = arms(trials_table(trials, []), [])
    reference, why = reference_arm(found, base.canonical(), ["train.learning_rate"])
    assert (reference and reference.number, why) == (1, "the sweep's base")
    reference, why = reference_arm(found, base.canonical())
    assert (reference and reference.number) == 0
