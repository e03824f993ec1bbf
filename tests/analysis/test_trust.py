"""What may be believed: who is counted, what alarms, how noisy seeds are; nothing hides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.findings import Findings
from analysis.findings.beyond_window import BEATS_WINDOW, windows
from analysis.findings.trust import TrustFindings
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.sections.trust import card
from analysis.statistics.seed_interval import resolution
from focus_core.config import TrialConfig
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial

Make = Callable[..., Any]
BASE = TrialConfig()
ORDER = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]


@pytest.fixture
def findings_of(tmp_path: Path, ledger: MakeHome) -> Callable[[Any], Findings]:
    return lambda sweep: Findings(study(read_sweep(ledger(tmp_path, sweep), None)))


def test_counts_hide_nothing(findings_of: Make, ablation: MakeSweep) -> None:
    trust: TrustFindings = findings_of(ablation(planned=12)).trust
    assert dict(trust.counts) == {
        "complete": 6,
        "pruned": 1,
        "failed": 2,
        "killed": 1,
        "running": 0,
        "waiting": 0,
        "not started": 2,
    }
    assert (trust.diverged_seeds, trust.leaky, trust.reused) == (1, 1, 0)


def test_failures_stand_with_their_reasons_and_each_traceback_once(
    findings_of: Make, ablation: MakeSweep
) -> None:
    sweep = ablation()
    for trial in sweep.trials[:3]:
        trial.error = "Traceback: the same"
    found = card(findings_of(sweep))
    assert found is not None
    assert not found.folded
    (table,) = (table for table in found.tables if table.name == "not_complete")
    assert [row[0] for row in table.rows] == ["lattice", "no_global_conv", "one_window", "carry"]
    assert table.rows[1][4] == "MemoryError: 8 GiB"
    assert [block.title for block in found.blocks] == [
        "Traceback of trial 0, 1, 2",
        "Traceback of trial 7",
    ]


def test_choices_are_counted_only_where_something_went_wrong(
    findings_of: Make, grid: MakeSweep
) -> None:
    sweep = grid()
    sweep.trials[0].state = "failed"
    rows = findings_of(sweep).trust.by_choice
    (failed,) = (row for row in rows if row.get("failed") and row["axis"] == "model.bin_length")
    assert (failed["choice"], failed["complete"]) == (64, 2)


def test_all_is_well_and_folded(findings_of: Make, grid: MakeSweep) -> None:
    findings = findings_of(grid())
    found = card(findings)
    assert found is not None
    assert findings.trust.by_choice == []
    assert (found.folded, found.status) == (True, "plain")
    assert found.words[0] == "All 12 trials completed."
    assert any(words.startswith("Nothing leaks") for words in found.words)
    assert any("largest pole radius is 0.810" in words for words in found.words)


@pytest.mark.parametrize("case", [(1.2, False), (1.9, True), (0.0, False)])
def test_a_loss_below_its_floor_is_an_alarm(
    findings_of: Make, sweep_of: MakeSweep, trial_of: MakeTrial, case: tuple[float, bool]
) -> None:
    floor, alarmed = case
    trial = trial_of(0, BASE, {"model.order": 2}, [0.9, 0.9, 0.9])
    for report in trial.reports:
        report.metrics = report.metrics | {"loss_floor": floor}
    trust = findings_of(sweep_of("s", "order", [trial], axes=ORDER)).trust
    (row,) = trust.certificates
    assert any("floor" in alarm for _, alarm in trust.alarms) == alarmed
    assert row["loss_floor"] == (floor or None)  # 0 is no floor: it could never be undercut


def scored(grid: MakeSweep, scores: np.ndarray, **about: Any) -> Any:
    """The grid of twelve trials with other test scores, (trials, seeds)."""
    sweep = grid(**about)
    for trial, seeds in zip(sweep.trials, scores, strict=False):
        for replicate, score in zip(trial.replicates, seeds, strict=True):
            replicate.test = float(score)
    return sweep


def test_an_arm_that_is_noisier_is_named(findings_of: Make, grid: MakeSweep) -> None:
    spread = np.array([-1.0, 0.0, 1.0])
    scores = 0.6 + 0.01 * np.tile(spread, (12, 1))
    scores[4] = 0.6 + 0.2 * spread
    trust: TrustFindings = findings_of(scored(grid, scores)).trust
    assert [noise.arm.number for noise in trust.noise if noise.is_noisier] == [4]
    assert trust.noise[0].arm.number == 4
    assert trust.noise[0].sd == pytest.approx(0.2)
    assert trust.noise[0].ratio == pytest.approx(20)
    assert trust.pooled == pytest.approx(np.sqrt((11 * 0.01**2 + 0.2**2) / 12))


def test_equal_noise_names_hardly_anyone(findings_of: Make, grid: MakeSweep) -> None:
    """Negative control: no arm in most sweeps of equal noise."""
    rng = np.random.default_rng(5)
    findings = findings_of(grid())
    from analysis.findings import trust as module

    called = 0
    for _ in range(200):
        for arm in findings.study.trials:
            arm.tests.update(enumerate(0.6 + 0.05 * rng.standard_normal(3)))
        called += any(noise.is_noisier for noise in module._noise(findings.study)[0])
    assert called / 200 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_seeds_that_stay_at_chance_are_counted_not_averaged(
    findings_of: Make, grid: MakeSweep
) -> None:
    """Chance is 0.25, counted on 1024 sequences."""
    scores = np.full((12, 3), 0.7) + np.array([-0.01, 0.0, 0.01])
    scores[2] = [0.26, 0.9, 0.24]
    scores[3] = [0.24, 0.26, 0.25]
    found = card(findings_of(scored(grid, scores)))
    assert found is not None
    said = " ".join(found.words)
    assert "learned in 1 of 3 seeds" in said
    (table,) = (table for table in found.tables if table.name == "noise")
    marks = [row[-1] for row in table.rows]
    assert [m for m in marks if m and "learned: 1 of 3" in m]
    assert sum(m is not None and any("learned" in word for word in m) for m in marks) == 1


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("n", [2, 5, 9])
def test_windows_are_judged_as_one_by_one(
    grid: MakeSweep, findings_of: Make, n: int, known: bool
) -> None:
    """The oracle is the paired t test of each trial alone, then Holm."""
    rng = np.random.default_rng(n)
    findings = findings_of(grid())
    arms = list(findings.study.trials)
    rows: dict[str, list[Any]] = {
        name: [] for name in ("number", "trial_id", "step", "metric", "seed", "amount")
    }
    own: dict[int, dict[int, float]] = {}
    for arm in arms:
        arm.tests.clear()
        arm.tests.update(enumerate(0.31 + 0.03 * (arm.number % 3) + 0.01 * rng.standard_normal(n)))
        own[arm.number] = {k: 0.31 + 0.005 * float(rng.standard_normal()) for k in range(n)}
        for seed, ceiling in own[arm.number].items() if known else ():
            values = (arm.number, arm.trial_id, 50, "window_ceiling", seed, ceiling)
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
    import pyarrow as pa

    from analysis.reading.curves import CURVES_SCHEMA

    said = windows(arms, pa.table(rows, CURVES_SCHEMA), (0.0, 1.0))
    p = []
    for arm in arms:
        d = [
            score - (own[arm.number][seed] if known else 0.31) for seed, score in arm.tests.items()
        ]
        mean, t = float(np.mean(d)), float(stats.t.ppf(0.975, n - 1))
        half = max(t * float(stats.sem(d)), resolution(abs(mean), 1024 * n))
        half = float(np.hypot(half, 0.0 if known else resolution(0.31 * 0.69, 1024)))
        p.append(float(2 * stats.t.sf(abs(mean) / half * t, n - 1)))
    corrected = multipletests(p, method="holm")[1]
    expected = [
        "undecided" if n < 5 else BEATS_WINDOW if q <= 0.05 else "not detectably" for q in corrected
    ]
    for arm, words in zip(arms, expected, strict=True):
        assert said[arm.number].startswith(words) or said[arm.number] == "below its window"
    assert n < 9 or BEATS_WINDOW in said.values()
