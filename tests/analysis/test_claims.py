"""What the page may claim: of simulated sweeps in which nothing differs, at most one in twenty."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from analysis.findings import Findings
from analysis.findings.beyond_window import BEATS_WINDOW
from analysis.reading.arms import arms, best_arm
from analysis.reading.ledger import SweepData
from analysis.reading.reference import reference_arm
from analysis.reading.study import study
from analysis.statistics.against import against
from analysis.statistics.pool import pool
from focus_core.config import TrialConfig
from sweeps.record.schema import Sweep
from tests.analysis.makers import MakeSweep, MakeTrial
from tests.without_ledger import curves_table, trials_table

BASE = TrialConfig()
ALPHA = 0.05
CEILING = 0.31  # as in the fixture's reports
TABLES = 200
ERROR = 3 * math.sqrt(ALPHA * (1 - ALPHA) / TABLES)  # three standard errors


def data_of(sweep: Sweep) -> SweepData:
    """As ``read_sweep`` gives it, without a database."""
    names = [column.name for column in Sweep.__table__.columns]
    about = {name: getattr(sweep, name) for name in names} | {"created": dt.datetime.now(dt.UTC)}
    trials = sorted(sweep.trials, key=lambda t: t.number)
    return SweepData(
        about=about,
        trials=trials_table(trials, sweep.axes),
        curves=curves_table([t for t in trials if t.reports]),
    )


@pytest.fixture
def one_axis(sweep_of: MakeSweep, trial_of: MakeTrial) -> Callable[..., SweepData]:
    """A sweep over arms ``a0``, ``a1`` ... with the scores given, (arms, seeds)."""

    def build(scores: Any, *, metrics: dict[str, float] | None = None, **about: Any) -> SweepData:
        names = [f"a{number}" for number in range(len(scores))]
        trials = []
        for number, seeds in enumerate(scores):
            point = {"model.hyper_width": 8 * number + 8}
            trial = trial_of(number, BASE, point, [float(s) for s in seeds])
            trial.point = {"arm": names[number]}
            trial.reports = trial.reports[-1:]
            for report in trial.reports:
                report.metrics = report.metrics | (metrics or {})
            trials.append(trial)
        axes = [{"key": "arm", "kind": "categorical", "choices": names}]
        return data_of(sweep_of("aa", "order", trials, axes=axes, **about))

    return build


def scored(data: SweepData, scores: Any) -> SweepData:
    """The same sweep with other scores, (arms, seeds): quicker than a new one."""
    rows = data.trials.to_pylist()
    for row, seeds in zip(rows, scores, strict=True):
        row["value"] = row["test"] = float(np.mean(seeds))
        for replicate, score in zip(row["replicates"], seeds, strict=True):
            replicate["value"] = replicate["test"] = float(score)
    trials = pa.Table.from_pylist(rows, data.trials.schema)
    return dataclasses.replace(data, trials=trials)


def findings(data: SweepData) -> Findings:
    return Findings(study(data))


def _claims(found: Findings) -> dict[str, bool]:
    apart = (BEATS_WINDOW, "below its window")
    return {
        "comparison": any(r.verdict in ("better", "worse") for r in found.comparisons.rows),
        "winner": bool(found.comparisons.ties),
        "axis": any(axis.differs for axis in found.axes.axes),
        "window": any(r["window"] in apart for r in found.trust.certificates),
    }


def _scores(rng: np.random.Generator, count: int, n: int, centre: float) -> Any:
    """Seeds have luck of their own, which all arms share; the arms differ in nothing."""
    return centre + rng.normal(0, 0.02, n) + rng.normal(0, 0.03, (count, n))


@pytest.mark.parametrize("n", [3, 9])
@pytest.mark.parametrize("count", [4, 12])
def test_a_sweep_in_which_nothing_differs_claims_nothing(
    one_axis: Callable[..., SweepData], count: int, n: int
) -> None:
    """Through all findings. Against the selected best 13.8 % of such tables called one."""
    rng = np.random.default_rng(100 * count + n)
    data = one_axis(np.zeros((count, n)))
    called = {"comparison": 0, "winner": 0, "axis": 0, "window": 0}
    for _ in range(TABLES):
        for kind, claimed in _claims(
            findings(scored(data, _scores(rng, count, n, CEILING)))
        ).items():
            called[kind] += claimed
    assert all(times / TABLES <= ALPHA + ERROR for times in called.values()), called


def test_the_selected_best_as_reference_would_claim_too_much() -> None:
    """The negative control of the reference: the best of sixty is better than most by luck."""
    rng = np.random.default_rng(10)
    called = {"first": 0, "best": 0}
    tables = 2 * TABLES
    for _ in range(tables):
        scores = _scores(rng, 60, 9, 0.6)
        noise, best = pool(scores), int(scores.mean(axis=1).argmax())
        for name, reference in (("first", 0), ("best", best)):
            called[name] += bool(against(noise, reference).decided.any())
    assert called["first"] / tables <= ALPHA
    assert called["best"] / tables > ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / tables)


def test_real_differences_are_claimed(one_axis: Callable[..., SweepData]) -> None:
    """The other negative control: the tests that call nothing above can call something."""
    scores = _scores(np.random.default_rng(9), 12, 9, 0.5)
    scores[3:] += 0.3
    assert all(_claims(findings(one_axis(scores))).values())


def test_the_reference_is_the_sweeps_base_not_the_best(
    one_axis: Callable[..., SweepData],
) -> None:
    scores = np.array([[0.5, 0.6, 0.5], [0.6, 0.5, 0.6], [0.9, 0.9, 0.8], [0.7, 0.7, 0.8]])
    fourth = BASE.override({"model.hyper_width": 32}).canonical()
    data = one_axis(scores, base=fourth)
    asked = study(data)
    assert asked.reference is not None
    assert (asked.reference.name, asked.reference_why) == ("arm=a3", "the sweep's base")
    found = arms(data.trials, data.about["axes"])
    best = best_arm(found, maximize=True)
    assert best is not None
    assert best.name == "arm=a2"
    first, why = reference_arm(found, {})
    assert first is found[0]
    assert "no trial is the sweep's base" in why


def test_a_base_that_failed_is_no_reference(sweep_of: MakeSweep, trial_of: MakeTrial) -> None:
    points = [{"model.order": order} for order in (3, 2, 1)]
    trials = [
        trial_of(0, BASE.override({"model.parameterisation": "lattice"}), points[0], [0.5] * 5),
        trial_of(1, BASE, points[1], [0.5, None, 0.5, 0.5, 0.5], state="failed"),
        trial_of(2, BASE, points[2], [0.9] * 5),
    ]
    axes = [{"key": "model.order", "kind": "categorical", "choices": [1, 2, 3]}]
    asked = study(data_of(sweep_of("s", "order", trials, axes=axes)))
    assert asked.reference is not None
    assert asked.reference.name == "order=3"
    assert "the base was not trained in full" in asked.reference_why


def test_levels_beside_better_settings_do_not_differ(
    sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    """Order 2 was tried with long bins only, which do the work: both axes cannot be told apart."""
    rng = np.random.default_rng(2)
    trials = []
    for number in range(10):
        order, length = (1 + number % 2), (32 if number % 2 else 4)
        point = {"model.order": order, "model.bin_length": length}
        trial = trial_of(number, BASE, point, list(0.5 + 0.3 * (length == 32)
                         + 0.01 * rng.standard_normal(9)))  # fmt: skip
        trial.trial_id = f"t{number}"
        trials.append(trial)
    axes = [
        {"key": "model.order", "kind": "categorical", "choices": [1, 2]},
        {"key": "model.bin_length", "kind": "categorical", "choices": [4, 32]},
    ]
    found = findings(data_of(sweep_of("s", "focus", trials, axes=axes, sampler="random")))
    assert [axis.verdict for axis in found.axes.axes] == ["inseparable"] * 2


def test_identical_arms_exclude_no_more_than_the_test_set_resolves(
    one_axis: Callable[..., SweepData],
) -> None:
    found = findings(one_axis(np.ones((3, 6)))).comparisons
    assert found.gate is not None
    assert not found.gate.rejected
    assert found.ties == []
    for row in found.rows:
        assert row.verdict in ("open", "equivalent")
        assert row.high is None or row.high > 0


@pytest.mark.parametrize(("per_seed", "beats"), [(True, True), (False, False)])
def test_each_seed_is_compared_with_its_own_ceiling(
    one_axis: Callable[..., SweepData], per_seed: bool, beats: bool
) -> None:
    """Every seed is 0.02 above its own ceiling; against the first one's alone that is noise."""
    own = {f"window_ceiling/{k}": c for k, c in enumerate((0.31, 0.35, 0.27, 0.33, 0.29, 0.36))}
    scores = np.array([[c + 0.02 + 0.001 * k for k, c in enumerate(own.values())]] * 2)
    found = findings(one_axis(scores, metrics=own if per_seed else None)).trust
    assert [row["window"] == BEATS_WINDOW for row in found.certificates] == [beats] * 2


@pytest.mark.parametrize(("score", "beats"), [(0.325, False), (0.42, True)])
def test_the_ceilings_own_error_counts(
    one_axis: Callable[..., SweepData], score: float, beats: bool
) -> None:
    """0.31 counted on 1024 sequences may as well be 0.33."""
    scores = score + 1e-4 * np.arange(12).reshape(2, 6)
    found = findings(one_axis(scores)).trust
    assert [row["window"] == BEATS_WINDOW for row in found.certificates] == [beats] * 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model.order": 2}, "stable"),
        ({"model.order": 2, "model.carry": True}, "stable within a bin"),
        ({"model.order": 1, "model.carry": True}, "stable"),
        ({"model.order": 2, "model.carry": True, "model.filter": "static"}, "stable"),
        (
            {"model.carry": True, "model.filter": "static", "model.static_per": "bin"},
            "stable within a bin",
        ),
        ({"model.order": 4, "model.carry": True, "model.parameterisation": "ek"}, "stable"),
    ],
)
def test_carried_state_needs_more_than_pole_radii(
    sweep_of: MakeSweep, trial_of: MakeTrial, changes: dict[str, Any], expected: str
) -> None:
    trial = trial_of(0, BASE, changes, [0.5, 0.6, 0.7])
    axes = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]
    (row,) = findings(data_of(sweep_of("s", "order", [trial], axes=axes))).trust.certificates
    assert row["stability"].split(";")[0] == expected
    assert ("not certified" in row["stability"]) == (expected != "stable")
