"""Of sweeps in which nothing differs, at most one in twenty gets a yes, whatever is asked of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import simulated_arms as simulated
from scipy import stats
from scipy.interpolate import BarycentricInterpolator

from analysis.asking.judge import judge
from analysis.asking.language import read_question
from analysis.findings import Findings
from analysis.reading.study import study
from analysis.statistics.against import between
from analysis.statistics.dunnett import critical
from analysis.statistics.pool import pool
from tests.analysis.makers import MakeSweep, MakeTrial
from tests.analysis.test_ask import many
from tests.analysis.test_claims import data_of, scored

ERROR = 0.05
EXACT = stats.studentized_range.isf


@cache
def _range_of(level: float, arms: int) -> BarycentricInterpolator:
    place = np.cos(np.pi * (np.arange(6) + 0.5) / 6)
    df = np.minimum(4 / (place + 1) ** 2, 1e5)
    return BarycentricInterpolator(place, np.log([EXACT(level, arms, one) for one in df]))


def quick(level: float, arms: int, df: Any) -> Any:
    """The quantile of the range, interpolated: a simulation asks for hundreds."""
    return np.exp(_range_of(level, arms)(2 / np.sqrt(np.maximum(df, 1.0)) - 1))


def test_the_quick_range_is_the_range() -> None:
    for df in (4.0, 8.3):
        assert quick(0.027, 6, df) == pytest.approx(EXACT(0.027, 6, df), rel=2e-3)


def test_asking_for_the_best_against_the_worst_keeps_the_error(
    sweep_of: MakeSweep, trial_of: MakeTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three questions a sweep, chosen by its scores; a t test of the same pairs is the control."""
    monkeypatch.setattr(stats.studentized_range, "isf", quick)
    rng, seeds = np.random.default_rng(4), 4
    data = data_of(many(sweep_of, trial_of, np.full((6, seeds), 0.6)))
    tables, called, naive = 100, 0, 0
    for _ in range(tables):
        scores = 0.6 + rng.normal(0, 0.05, seeds) + rng.normal(0, 0.03, (6, seeds))
        findings = Findings(study(scored(data, scores)))
        best, worst = (int(pick(scores.mean(axis=1))) for pick in (np.argmax, np.argmin))
        pairs = {(best, worst), (best, 0), (0, worst)} - {(0, 0)}
        told = [judge(findings, read_question(f"trial {a} > trial {b}")) for a, b in pairs]
        called += any(one.answer == "yes" for one in told)
        naive += any(stats.ttest_rel(scores[a], scores[b]).pvalue <= ERROR for a, b in pairs)
    assert called / tables <= ERROR
    assert naive / tables > 3 * ERROR


@pytest.mark.parametrize("kind", simulated.NOISES, ids=lambda kind: kind.__name__)
def test_any_two_arms_may_be_asked_about(
    kind: simulated.Noise, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the gate: also where other arms of the sweep do differ."""
    monkeypatch.setattr(stats.studentized_range, "isf", quick)
    called = naive = 0
    for table in simulated.draw(kind, tables=200, arms=6, seeds=5, seed=12).scores:
        noise = pool(table)
        means = np.where(noise.counts >= 3, noise.means, np.nan)
        best, worst = int(np.nanargmax(means)), int(np.nanargmin(means))
        called += bool(between(noise, best, worst).decided[0])
        by_seed = table[best] - table[worst]
        naive += stats.ttest_1samp(by_seed[np.isfinite(by_seed)], 0).pvalue <= ERROR
    assert called / 200 <= ERROR
    assert naive > called  # negative control: the same pair alone


def test_a_real_difference_gets_its_yes(sweep_of: MakeSweep, trial_of: MakeTrial) -> None:
    """The judge that is never wrong above can say something."""
    rng = np.random.default_rng(2)
    scores = 0.3 + rng.normal(0, 0.03, 5) + rng.normal(0, 0.03, (6, 5))
    scores[2] += 0.3
    scores[4] += 0.15
    findings = Findings(study(data_of(many(sweep_of, trial_of, scores))))
    for question in ("trial 2 > base", "trial 2 > trial 1", "trial 2 > trial 5 by 0.1"):
        assert judge(findings, read_question(question)).answer == "yes"


def test_nothing_differs_while_the_global_test_is_closed(
    sweep_of: MakeSweep, trial_of: MakeTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interval of two arms alone does not open it."""
    scores = 0.5 + np.random.default_rng(3).normal(0, 0.01, (5, 5))
    scores[1] += 0.1
    findings = Findings(study(data_of(many(sweep_of, trial_of, scores))))
    question = read_question("trial 1 > trial 2")
    assert judge(findings, question).answer == "yes"
    gate = findings.comparisons.gate
    object.__setattr__(gate, "rejected", False)
    told = judge(findings, question)
    assert (told.answer, told.why) == ("not yet", "nothing here is shown to differ at all")


def test_the_interval_of_any_two_arms_is_as_wide_as_the_range_of_all() -> None:
    """The oracle draws ranges; Dunnett's reach for as many pairs, the control, is too short."""
    rng = np.random.default_rng(5)
    noise = pool(rng.standard_normal((12, 4)))
    found = between(noise, 2, 7)
    df = float(found.differences.df[0])
    reach = float(found.half[0] / found.differences.errors[0])
    drawn = np.ptp(rng.standard_normal((400_000, 12)), axis=1)
    drawn /= np.sqrt(rng.chisquare(df, 400_000) / df)
    expected = np.quantile(drawn, 1 - found.level) / np.sqrt(2)
    assert reach == pytest.approx(expected, rel=0.01)
    assert critical(found.level, np.array([df]), 66)[0] < 0.985 * expected
