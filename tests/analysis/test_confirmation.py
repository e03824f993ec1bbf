"""Launcher and report name the same winner; a report finds its confirmation, and what was said."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from scipy import stats
from sqlalchemy.orm import Session

from analysis.reading.arms import best_arm
from analysis.reading.ledger import read_sweep
from analysis.reading.plan import said_plan
from analysis.reading.study import Study, study
from analysis.statistics.fresh_seeds import FreshDifference, fresh_difference
from focus_core.config import TrialConfig
from sweeps.addresses import sqlite_url
from sweeps.auditing.rows import read_sweeps, reading
from sweeps.said import AskedAt
from sweeps.schema import Asked, Sweep, Trial
from sweeps.winner import reference, winner

Write = Callable[..., Path]
Make = Callable[..., Any]
CONFIRM = "nfft_bins-confirm"
RATES = [1e-3, 3e-3, 1e-2]
AXES = [
    {"key": "variant", "kind": "categorical", "choices": ["static", "base", "ema"]},
    {"key": "train.learning_rate", "kind": "categorical", "choices": RATES, "tuned": True},
]


def random_sweep(rng: random.Random, sweep_of: Make, trial_of: Make) -> Sweep:
    """Arms at three rates, or without: some failed, diverged, leaky, or of equal scores."""
    tuned = rng.random() < 0.6
    variants = rng.sample(["static", "base", "ema", "no_filter"], 3)
    base = TrialConfig()
    trials = []
    for variant in variants:
        for rate in RATES if tuned else RATES[:1]:
            scores: list[float | None] = [rng.choice([0.2, 0.5, 0.7]) for _ in range(3)]
            fate: dict[str, Any] = {}
            dice = rng.random()
            if dice < 0.15:
                fate = {"state": rng.choice(["failed", "killed", "pruned"]), "step": 100}
            elif dice < 0.25:
                scores[1], fate = None, {"state": "failed"}
            elif dice < 0.35:
                fate = {"leak": rng.choice([0.3, float("inf")])}
            elif dice < 0.4:
                fate = {"causal": False}
            point: dict[str, Any] = {"variant": variant}
            own = base
            if tuned:
                point["train.learning_rate"] = rate
                own = base.override({"train.learning_rate": rate})
            trials.append(trial_of(len(trials), own, point, scores, variant=variant, **fate))
    options: dict[str, Any] = {"axes": AXES[: 1 + tuned], "base": base.canonical()}
    return sweep_of(
        "s", "ablation", trials, direction=rng.choice(["maximize", "minimize"]), **options
    )


def by_launcher(home: Path, name: str = "s") -> tuple[str | None, str | None]:
    with reading(sqlite_url(home / "ledger.db")) as connection:
        (rows,) = read_sweeps(connection, name)
    found = winner(rows), reference(rows)
    return found[0] and found[0].trial_id, found[1] and found[1].trial_id


def by_report(home: Path) -> tuple[str | None, str | None]:
    found = study(read_sweep(home, "s"))
    best = best_arm(found.trials, maximize=found.metric.maximize)
    return best and best.trial_id, found.reference and found.reference.trial_id


def test_launcher_and_report_name_the_same_winner_and_reference(
    ledger: Write, sweep_of: Make, trial_of: Make, tmp_path: Path
) -> None:
    seen = set()
    for case in range(25):
        rng = random.Random(case)
        home = ledger(tmp_path / str(case), random_sweep(rng, sweep_of, trial_of))
        assert by_launcher(home) == by_report(home), case
        seen.add(by_launcher(home)[0] == by_launcher(home)[1])
    assert seen == {True, False}


def confirmed(
    write: Write, grid: Make, trial_of: Make, home: Path, fresh: list[list[float | None]]
) -> Study:
    """A grid whose winner and reference were trained again with these scores."""
    write(home / "plain", grid())
    plain = study(read_sweep(home / "plain", None))
    best = best_arm(plain.trials, maximize=True)
    assert best is not None
    assert plain.reference is not None
    base = TrialConfig().override(plain.about["base"])
    trials: list[Trial] = []
    for arm, scores in zip((best, plain.reference), fresh, strict=True):
        trial = trial_of(len(trials), base, arm.point, scores)
        trial.trial_id, trial.config = arm.trial_id, arm.config
        trial.state = "failed" if None in scores else "complete"
        for replicate in trial.replicates:
            replicate.seed += 1000
        trials.append(trial)
    again = grid(name=CONFIRM, seeds=len(fresh[0]), planned=2)
    again.trials = trials
    write(home / "both", grid(), again)
    engine = sa.create_engine(sqlite_url(home / "both" / "ledger.db"))
    with Session(engine) as session, session.begin():
        row = session.scalars(sa.select(Sweep).where(Sweep.name == CONFIRM)).one()
        said = {"confirms": "nfft_bins", "first_seed": 1000, "seeds": row.seeds}
        session.add(Asked(sweep_id=row.id, at=row.created, said=said))
    engine.dispose()
    return study(read_sweep(home / "both", None))


def difference_of(found: Study) -> FreshDifference | None:
    assert found.confirmation is not None
    by_seed = found.confirmation.differences()
    return fresh_difference(list(by_seed.values()), bounds=(0.0, 1.0)) if by_seed else None


def test_the_difference_is_that_of_the_fresh_seeds_alone(
    ledger: Write, grid: Make, trial_of: Make, tmp_path: Path
) -> None:
    """Student's interval of 0.1, 0.2, 0.3 by hand: 0.2 +- 4.3027 * 0.1 / sqrt 3."""
    found = confirmed(ledger, grid, trial_of, tmp_path, [[0.8, 0.8, 0.8], [0.7, 0.6, 0.5]])
    assert found.about["name"] == "nfft_bins"
    assert found.confirmation is not None
    fresh = found.confirmation.study
    assert [arm.trial_id for arm in fresh.arms][1] == fresh.reference.trial_id  # type: ignore[union-attr]
    assert fresh.seeds == (1000, 1001, 1002)
    by_seed = found.confirmation.differences()
    assert by_seed == pytest.approx({1000: 0.1, 1001: 0.2, 1002: 0.3})
    difference = difference_of(found)
    assert difference is not None
    assert difference.mean == pytest.approx(0.2)
    assert difference.low == pytest.approx(0.2 - 4.30265 * 0.1 / 3**0.5, abs=1e-5)
    assert difference.high == pytest.approx(0.2 + 4.30265 * 0.1 / 3**0.5, abs=1e-5)
    assert not difference.decided


def test_a_seed_that_diverged_confirms_nothing(
    ledger: Write, grid: Make, trial_of: Make, tmp_path: Path
) -> None:
    found = confirmed(ledger, grid, trial_of, tmp_path, [[0.8, None, 0.8], [0.7, 0.6, 0.5]])
    assert found.confirmation is not None
    assert not found.confirmation.whole
    assert found.confirmation.winner.diverged == {1001: 150}
    assert found.confirmation.study.ranked == [found.confirmation.reference]
    assert difference_of(found) is None


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_seeds_decide_nothing(
    ledger: Write, grid: Make, trial_of: Make, tmp_path: Path, n: int
) -> None:
    found = confirmed(ledger, grid, trial_of, tmp_path, [[0.9] * n, [0.1] * n])
    difference = difference_of(found)
    assert difference is not None
    assert difference.n == n
    assert not difference.decided


def test_the_interval_covers_as_it_says_although_the_winner_was_selected() -> None:
    """Forty equal arms: the winner's own seeds flatter it, fresh ones do not."""
    rng = np.random.default_rng(5)
    y = rng.standard_normal((2000, 40, 5))
    own = y[np.arange(2000), y.mean(2).argmax(1)]
    fresh = rng.standard_normal((2000, 5)) - rng.standard_normal((2000, 5))

    def covers(d: Any) -> float:
        half = stats.t.ppf(0.975, 4) * d.std(1, ddof=1) / 5**0.5
        return float((np.abs(d.mean(1)) <= half).mean())

    assert covers(fresh) >= 0.94
    assert covers(own - rng.standard_normal((2000, 5))) < 0.85  # negative control


def hour(n: int) -> dt.datetime:
    return dt.datetime(2024, 5, 1, n, tzinfo=dt.UTC)


def test_a_hypothesis_counts_as_said_before_by_its_hour_alone() -> None:
    first = {"seeds": 3, "trials": 12, "sampler": "grid", "code": "a", "hypothesis": "one"}
    other = first | {"hypothesis": "two", "code": "b", "margin": 0.02}
    rows = [
        AskedAt(hour(1), first),
        AskedAt(hour(3), other),
        AskedAt(hour(4), other | {"seeds": 5}),
    ]
    early, late = said_plan(rows[:1], hour(2)), said_plan(rows, hour(2))
    assert (early.hypothesis, early.hypothesis_before, early.deviations) == ("one", True, ())
    assert (late.hypothesis, late.hypothesis_before) == ("two", False)
    assert (late.margin, late.margin_before) == (0.02, False)
    assert [(d.at, d.words) for d in late.deviations] == [
        (hour(3), "trained by other code: a -> b"),
        (hour(3), "the hypothesis 'two', not 'one'"),
        (hour(3), "a margin of 0.02"),
        (hour(4), "5 seeds a trial, not 3"),
    ]
    assert all(d.late for d in late.deviations)
    before_any = said_plan(rows, None)
    assert before_any.hypothesis_before
    assert before_any.margin_before
    assert not any(d.late for d in before_any.deviations)
    back = said_plan([*rows, AskedAt(hour(5), first)], hour(2))
    assert (back.hypothesis, back.hypothesis_before) == ("one", False)  # it was given up between
    assert said_plan([], hour(2)).hypothesis == ""


def test_the_margin_that_was_said_is_the_reports_unless_it_is_told_another(
    ledger: Write, grid: Make, tmp_path: Path
) -> None:
    data = read_sweep(ledger(tmp_path, grid()), None)
    own = study(data).metric.margin
    said = dataclasses.replace(data, asked=(AskedAt(hour(1), {"margin": 0.031}),))
    assert study(said).metric.margin == 0.031 != own
    assert study(said, margin=0.5).metric.margin == 0.5
