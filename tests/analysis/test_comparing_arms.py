"""From a ledger to comparisons: who is compared, what is decided, what would decide the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import search_spaces
from analysis.findings.commands import confirm, more_seeds, train_again
from analysis.findings.comparisons import Comparisons, compare_arms
from analysis.reading.ledger import read_sweep
from analysis.reading.study import Study, study
from sweeps.planning.flags import build_parser
from sweeps.record.schema import Sweep
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial

STUCK = [0.249, 0.25, 0.219]
REAL = {  # (bin length, NFFT factor): test accuracy of three seeds, as a real sweep of them ended
    **{(64, 1): STUCK, (64, 2): STUCK, (64, 4): STUCK},
    **{(32, 1): [0.576, 0.665, 0.744], (32, 2): [0.567, 0.660, 0.724]},
    **{(32, 4): [0.567, 0.646, 0.723], (16, 1): [0.722, 0.746, 0.775]},
    **{(16, 2): [0.717, 0.724, 0.784], (16, 4): [0.739, 0.698, 0.759]},
    **{(8, 1): [0.710, 0.436, 0.769], (8, 2): [0.721, 0.776, 0.782]},
    **{(8, 4): [0.730, 0.748, 0.771]},
}


@pytest.fixture
def read(tmp_path: Path, ledger: MakeHome) -> Callable[..., Study]:
    def _read(sweep: Sweep, margin: float | None = None) -> Study:
        home = ledger(tmp_path / str(len(list(tmp_path.iterdir()))), sweep)
        return study(read_sweep(home, None), margin=margin)

    return _read


@pytest.fixture
def bins(trial_of: MakeTrial, sweep_of: MakeSweep) -> Callable[..., Sweep]:
    """A grid of bin lengths and NFFT factors with given scores."""

    def _bins(scores: dict[tuple[int, int], Sequence[float]], **changes: Any) -> Sweep:
        base = search_spaces.load("nfft_bins").base()
        points = [{"model.bin_length": b, "model.nfft_factor": f} for b, f in scores]
        trials = [
            trial_of(i, base, point, list(seeds))
            for i, (point, seeds) in enumerate(zip(points, scores.values(), strict=True))
        ]
        lengths, factors = (list(dict.fromkeys(part)) for part in zip(*scores, strict=True))
        axes = [
            {"key": "model.bin_length", "kind": "categorical", "choices": lengths},
            {"key": "model.nfft_factor", "kind": "categorical", "choices": factors},
        ]
        options = {"axes": axes, "base": base.canonical()} | changes
        return sweep_of("bins", "nfft_bins", trials, **options)

    return _bins


def _of(found: Comparisons, name: str) -> Any:
    return next(row for row in found.rows if row.arm.name == name)


def test_three_seeds_decide_the_flagship(
    read: Callable[..., Study], bins: Callable[..., Sweep]
) -> None:
    """One bin is worse by .50 at three seeds; nothing else is told from four bins."""
    found = compare_arms(read(bins(REAL)))
    assert found.reference is not None
    assert found.reference.name == "bin_length=16 nfft_factor=2"
    worse = {row.arm.name for row in found.of("worse")}
    assert worse == {f"bin_length=64 nfft_factor={f}" for f in (1, 2, 4)}
    assert len(found.of("open")) == 8
    for row in found.of("worse"):
        assert row.high is not None
        assert row.high < -0.25
        assert row.p_holm < 0.001
        assert row.p_sign_flip == 0.25  # three seeds alone could not
    assert found.gate is not None
    assert found.gate.rejected
    assert len(found.ties) == 9
    assert found.winner is None


def test_the_noisy_arm_brings_its_own_noise(
    read: Callable[..., Study], bins: Callable[..., Sweep]
) -> None:
    found = compare_arms(read(bins(REAL)))
    noisy = _of(found, "bin_length=8 nfft_factor=1")
    quiet = _of(found, "bin_length=8 nfft_factor=2")
    assert noisy.df < 4 < quiet.df
    assert noisy.high - noisy.low > 3 * (quiet.high - quiet.low)


def test_a_clear_winner_is_named(read: Callable[..., Study], bins: Callable[..., Sweep]) -> None:
    scores = {key: [s - 0.3 for s in seeds] for key, seeds in REAL.items() if key[0] == 16}
    scores[(8, 2)] = [0.95, 0.96, 0.97]
    found = compare_arms(read(bins(scores)))
    assert found.winner is not None
    assert found.winner.name == "bin_length=8 nfft_factor=2"
    assert _of(found, found.winner.name).verdict == "better"


def test_nobody_is_named_among_equals(
    read: Callable[..., Study], bins: Callable[..., Sweep]
) -> None:
    found = compare_arms(read(bins({key: s for key, s in REAL.items() if key[0] in (16, 32)})))
    assert found.gate is not None
    assert not found.gate.rejected
    assert found.gate.still is not None
    assert found.gate.still > 0.09
    assert found.winner is None
    assert found.ties == []


def test_who_is_left_out_and_why(read: Callable[..., Study], ablation: MakeSweep) -> None:
    found = compare_arms(read(ablation()))
    why = {arm.name: reason for arm, reason in found.left_out}
    assert why["literal"] == "LEAKY (sees the future)"
    assert why["lattice"].startswith("diverged")
    assert why["carry"] == "pruned"
    assert {row.arm.name for row in found.rows}.isdisjoint(why)


def test_the_margin_makes_arms_equivalent(read: Callable[..., Study], ablation: MakeSweep) -> None:
    found = compare_arms(read(ablation(), margin=0.25))
    assert _of(found, "ema").verdict == "equivalent"
    assert _of(found, "ema").within_margin
    assert _of(found, "focus_h").verdict == "worse"


def test_a_seed_that_is_not_finite_counts_against_its_arm(
    read: Callable[..., Study], bins: Callable[..., Sweep]
) -> None:
    sweep = bins(REAL)
    sweep.trials[3].replicates[1].test = float("inf")
    found = compare_arms(read(sweep))
    why = {arm.name: reason for arm, reason in found.left_out}
    assert why == {"bin_length=32 nfft_factor=1": "no finite test score of seed 1"}


def test_the_planner_says_what_to_train(
    read: Callable[..., Study], bins: Callable[..., Sweep]
) -> None:
    seen = read(bins(REAL))
    found = compare_arms(seen)
    assert len(found.wishes) == 8
    assert [step.seeds for step in found.steps] == sorted({step.seeds for step in found.steps})
    step = found.steps[0]
    trained = len(step.arms) + 1
    assert step.trainings == (step.seeds - 3) * trained
    assert 5 * step.trainings < step.seconds < 8 * step.trainings  # 18 s a trial of three seeds
    assert f"--seeds {step.seeds}" in step.command
    assert all(arm.trial_id in step.command for arm in step.arms)


def test_commands_are_the_launchers_own(
    read: Callable[..., Study], bins: Callable[..., Sweep]
) -> None:
    settings = {"task.length": 64, "model.width": 32}
    given = {"set": settings, "home": "/tmp/x", "seeds": 3, "trials": 12}
    about = read(bins(REAL, given=given)).about
    told = more_seeds(about, 9)
    assert told == (
        "python sweeps/launch.py --space nfft_bins --name bins --trials 12 "
        "--set task.length=64 --set model.width=32 --home /tmp/x --seeds 9"
    )
    args = build_parser().parse_args(told.split()[2:])
    assert (args.seeds, args.name, args.set) == (9, "bins", ["task.length=64", "model.width=32"])
    assert confirm(about, 5).endswith("--confirm 5")
    arm = read(bins(REAL, given=given)).arms[0]
    again = build_parser().parse_args(train_again(arm, about).split()[2:])
    assert again.trials == 1
    assert "model.bin_length=64" in again.set


def test_a_later_look_is_wider(read: Callable[..., Study], bins: Callable[..., Sweep]) -> None:
    first = compare_arms(read(bins(REAL)))
    seen = read(bins(REAL))
    about = {**seen.about, "asked": [{"seeds": 2}, {"seeds": 3}]}
    later = compare_arms(replace(seen, about=about))
    assert (first.look, later.look) == (1, 2)
    for one, other in zip(first.rows, later.rows, strict=True):
        assert one.low is not None
        assert other.low is not None
        assert other.low <= one.low


def test_the_same_ledger_gives_the_same_numbers(
    read: Callable[..., Study], bins: Callable[..., Sweep]
) -> None:
    seen = read(bins(REAL))
    first, second = compare_arms(seen), compare_arms(seen)
    assert first.rows == second.rows
    assert first.steps == second.steps


def test_duplicate_arms_are_level(read: Callable[..., Study], bins: Callable[..., Sweep]) -> None:
    same = {key: [0.6, 0.7, 0.8] for key in ((16, 2), (16, 1), (8, 1), (8, 2))}
    found = compare_arms(read(bins(same)))
    assert found.winner is None
    assert {row.difference for row in found.rows} == {0.0}
    assert np.all([row.verdict in ("open", "equivalent") for row in found.rows])


def test_what_the_launcher_cannot_train_gets_no_command(
    read: Callable[..., Study], bins: Callable[..., Sweep]
) -> None:
    found = compare_arms(read(bins(REAL, given=None)))
    assert found.steps
    assert {step.command for step in found.steps} == {""}
