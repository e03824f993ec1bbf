"""Launcher and report name the same winner; a report rests on its confirmation."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from scipy import stats
from sqlalchemy.orm import Session

from analysis.findings import Findings
from analysis.findings.comparison import Comparison
from analysis.reading.arms import Arm, best_arm
from analysis.reading.ledger import read_sweep
from analysis.reading.study import Study, study
from analysis.sections import verdict, winner
from analysis.statistics.spending import AGAINST_REFERENCE, level_at
from focus_core.config import TrialConfig
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.evidence import winner as launcher
from sweeps.record.home import find_home
from sweeps.record.reader import TrialRow, read_sweeps
from sweeps.record.reading import reading
from sweeps.record.schema import Asked, Sweep, Trial
from tests.analysis.makers import MakeSweep, MakeTrial
from tests.narrowing import known

Write = Callable[..., Path]
CONFIRM = "nfft_bins-confirm"
RATES = [1e-3, 3e-3, 1e-2]
AXES = [
    {"key": "variant", "kind": "categorical", "choices": ["focus_h", "base", "ema"]},
    {"key": "train.learning_rate", "kind": "categorical", "choices": RATES, "tuned": True},
]


def random_sweep(rng: random.Random, sweep_of: MakeSweep, trial_of: MakeTrial) -> Sweep:
    """Arms at three rates, or without: some failed, diverged, leaky, or of equal scores."""
    tuned = rng.random() < 0.6
    variants = rng.sample(["focus_h", "base", "ema", "no_filter"], 3)
    base = TrialConfig()
    trials: list[Trial] = []
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


def name_of(trial: Arm | TrialRow | None) -> str | None:
    return None if trial is None else trial.trial_id


def by_launcher(home: Path, name: str = "s") -> tuple[str | None, str | None]:
    with reading(find_home(str(home))) as connection:
        (rows,) = read_sweeps(connection, name)
    return name_of(launcher.winner(rows)), name_of(launcher.reference(rows))


def by_report(home: Path) -> tuple[str | None, str | None]:
    found = study(read_sweep(home, "s"))
    best = best_arm(found.trials, maximize=found.metric.maximize)
    return name_of(best), name_of(found.reference)


def test_launcher_and_report_name_the_same_winner_and_reference(
    ledger: Write, sweep_of: MakeSweep, trial_of: MakeTrial, tmp_path: Path
) -> None:
    seen = set()
    for case in range(25):
        rng = random.Random(case)
        home = ledger(tmp_path / str(case), random_sweep(rng, sweep_of, trial_of))
        assert by_launcher(home) == by_report(home), case
        seen.add(by_launcher(home)[0] == by_launcher(home)[1])
    assert seen == {True, False}


def confirmed(
    write: Write, grid: MakeSweep, trial_of: MakeTrial, home: Path, fresh: list[list[float | None]]
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


def difference_of(found: Study) -> Comparison | None:
    told = Findings(found).confirmed
    assert told is not None
    return told.row


def test_the_difference_is_that_of_the_fresh_seeds_alone(
    ledger: Write, grid: MakeSweep, trial_of: MakeTrial, tmp_path: Path
) -> None:
    """Student's interval of 0.1, 0.2, 0.3: 0.2 +- t * 0.1 / sqrt 3, at the level of one look."""
    found = confirmed(ledger, grid, trial_of, tmp_path, [[0.8, 0.8, 0.8], [0.7, 0.6, 0.5]])
    assert found.about["name"] == "nfft_bins"
    assert found.confirmation is not None
    fresh = found.confirmation.study
    assert [arm.trial_id for arm in fresh.arms][1] == known(fresh.reference).trial_id
    assert fresh.seeds == (1000, 1001, 1002)
    difference = difference_of(found)
    assert difference is not None
    assert difference.by_seed == pytest.approx({1000: 0.1, 1001: 0.2, 1002: 0.3})
    assert difference.difference == pytest.approx(0.2)
    t = float(stats.t.ppf(1 - level_at(1) * AGAINST_REFERENCE / 2, 2))
    assert t >= 4.30265  # no narrower than a single look's 95 %
    assert difference.low == pytest.approx(0.2 - t * 0.1 / 3**0.5, abs=1e-5)
    assert difference.high == pytest.approx(0.2 + t * 0.1 / 3**0.5, abs=1e-5)
    assert difference.verdict == "open"


def test_a_seed_that_diverged_confirms_nothing(
    ledger: Write, grid: MakeSweep, trial_of: MakeTrial, tmp_path: Path
) -> None:
    found = confirmed(ledger, grid, trial_of, tmp_path, [[0.8, None, 0.8], [0.7, 0.6, 0.5]])
    assert found.confirmation is not None
    assert found.confirmation.winner.diverged == {1001: 150}
    assert found.confirmation.study.ranked == [found.confirmation.reference]
    assert difference_of(found) is None
    first = verdict.card(Findings(found))
    assert first.data["rests_on"] == "the sweep's own seeds"
    assert "1 fresh seed of" in first.words[0]
    assert "diverged" in first.words[0]


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_seeds_decide_nothing(
    ledger: Write, grid: MakeSweep, trial_of: MakeTrial, tmp_path: Path, n: int
) -> None:
    found = confirmed(ledger, grid, trial_of, tmp_path, [[0.9] * n, [0.1] * n])
    difference = difference_of(found)
    assert difference is not None
    assert difference.n == n
    assert difference.verdict == "open"


def test_the_headline_rests_on_fresh_seeds_and_says_so(
    ledger: Write, grid: MakeSweep, trial_of: MakeTrial, tmp_path: Path
) -> None:
    fresh: list[list[float | None]] = [[0.8, 0.82, 0.81, 0.79, 0.8], [0.6, 0.61, 0.62, 0.6, 0.6]]
    findings = Findings(confirmed(ledger, grid, trial_of, tmp_path, fresh))
    first, second = verdict.card(findings), winner.card(findings)
    assert first.words[0].startswith("On 5 fresh seeds, which chose nobody, bin_length=")
    assert "is better than bin_length=16 nfft_factor=2" in first.words[0]
    assert first.data["answer"][0] == first.words[0]
    assert first.data["rests_on"] == "fresh seeds"
    assert second.words[0] == f"{first.words[0]} These are the numbers to quote."
    assert second.tables[0].name == "confirmation"
    assert second.tables[0].rows[0][2:] == fresh[0]
    own = verdict.card(Findings(study(read_sweep(tmp_path / "plain", None))))
    assert own.data["rests_on"] == "the sweep's own seeds"
    assert "fresh" not in own.words[0]


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
