"""Who may be ranked, what is averaged, and which command trains the best again."""

from __future__ import annotations

import dataclasses
import shlex
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.findings import Findings
from analysis.findings.commands import train_again
from analysis.findings.comparison import Comparison
from analysis.reading.arms import Arm, best_arm
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from focus_core.config import TrialConfig
from focus_core.training.limits import LEAK_TOLERANCE
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial

Make = Callable[..., Any]
BASE = TrialConfig()
ORDER = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]


@pytest.fixture
def read(tmp_path: Path, ledger: MakeHome) -> Callable[[Any], Findings]:
    return lambda sweep: Findings(study(read_sweep(ledger(tmp_path, sweep), None)))


def arms_of(found: Findings) -> dict[str, Arm]:
    return {arm.label: arm for arm in found.study.trials}


def rows_of(found: Findings) -> dict[str, Comparison]:
    return {row.arm.label: row for row in found.comparisons.rows}


def best_of(found: Findings) -> Arm:
    best = best_arm(found.study.trials, maximize=found.study.metric.maximize)
    assert best is not None
    return best


def test_a_diverged_seed_leaves_no_mean_of_survivors(read: Make, ablation: MakeSweep) -> None:
    found = read(ablation())
    lattice = arms_of(found)["lattice"]
    assert list(lattice.diverged) == [2]
    assert lattice.interval("value", None) is None
    assert lattice.interval("test", None) is None
    assert len(lattice.values) == 5  # they are shown, one by one
    reasons = {arm.label: why for arm, why in found.comparisons.left_out}
    assert reasons["lattice"] == "diverged (1 seed)"


@pytest.mark.parametrize("label", ["carry", "no_global_conv", "one_window"])
def test_what_did_not_complete_has_no_mean(read: Make, ablation: MakeSweep, label: str) -> None:
    found = read(ablation())
    arm = arms_of(found)[label]
    assert arm.interval("value", None) is None
    assert not arm.ranked
    assert label not in rows_of(found)


def test_a_pruned_trials_value_enters_no_level(
    read: Make, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    scores = {1: [0.5, 0.52, 0.51], 2: [0.6, 0.61, 0.62]}
    trials = [
        trial_of(k, BASE, {"model.order": order}, seeds)
        for k, (order, seeds) in enumerate(scores.items())
    ]
    early = trial_of(2, BASE, {"model.order": 1}, [0.9, 0.9, 0.9], state="pruned", step=50)
    early.trial_id = "another"
    found = read(sweep_of("s", "order", [*trials, early], axes=ORDER))
    (axis,) = found.axes.axes
    assert [level.mean for level in axis.levels] == pytest.approx(
        [statistics.fmean(seeds) for seeds in scores.values()]
    )
    assert best_of(found).label == "order=2"


def test_a_leaky_trial_is_shown_and_never_best(read: Make, ablation: MakeSweep) -> None:
    found = read(ablation())
    literal = arms_of(found)["literal"]
    assert literal.leaky
    assert not literal.ranked
    assert statistics.fmean(literal.scores("test").values()) > 0.9  # better than the base
    assert best_of(found).label == "flash_transformer"
    reasons = {arm.label: why for arm, why in found.comparisons.left_out}
    assert reasons["literal"].startswith("LEAKY")
    assert "literal" not in {level.label for level in found.axes.axes[0].levels}


# None is how the ledger keeps a NaN: a probe that shows nothing.
@pytest.mark.parametrize(
    "case", [(LEAK_TOLERANCE / 2, "order=2"), (0.1, "order=1"), (None, "order=1")]
)
def test_a_promise_that_was_broken_counts_as_leaky(
    read: Make, sweep_of: MakeSweep, trial_of: MakeTrial, case: tuple[float | None, str]
) -> None:
    leak, best = case
    trials = [
        trial_of(0, BASE, {"model.order": 1}, [0.5, 0.5, 0.6]),
        trial_of(1, BASE, {"model.order": 2}, [0.9, 0.9, 0.8], leak=leak),
    ]
    found = read(sweep_of("s", "order", trials, axes=ORDER))
    assert best_of(found).label == best
    alarms = {row["label"]: row["alarms"] for row in found.trust.certificates}
    assert bool(alarms["order=2"]) == (best == "order=1")


def test_selected_on_validation_reported_on_test(
    read: Make, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    first = trial_of(0, BASE, {"model.order": 1}, [0.6, 0.6, 0.6])
    second = trial_of(1, BASE, {"model.order": 2}, [0.7, 0.7, 0.7])
    first.test = 0.99  # better on test: must not be chosen for it
    for replicate, score in zip(second.replicates, (0.3, 0.4, 0.5), strict=True):
        replicate.test = score
    best = best_of(read(sweep_of("s", "order", [first, second], axes=ORDER)))
    assert best.label == "order=2"
    assert best.value == pytest.approx(0.7)
    test = best.interval("test", None)
    assert test is not None
    assert test.mean == pytest.approx(0.4)


def test_less_can_be_better(read: Make, grid: MakeSweep) -> None:
    best = best_of(read(grid(direction="minimize", metric="loss")))
    assert best.point["model.bin_length"] == 64


def test_the_grids_effects_are_those_planted(read: Make, grid: MakeSweep) -> None:
    axes = {axis.name: axis for axis in read(grid()).axes.axes}
    gap = axes["bin_length"].gap
    assert gap is not None
    assert gap.difference == pytest.approx(0.56, abs=0.06)
    assert gap.low is not None
    assert gap.low > 0.3
    assert axes["bin_length"].differs  # at three seeds
    assert [level.trials for level in axes["bin_length"].levels] == [3, 3, 3, 3]
    assert axes["nfft_factor"].verdict == "not told apart"


def test_the_heat_map_holds_every_cell(read: Make, grid: MakeSweep) -> None:
    found = read(grid())
    (heat,) = found.axes.interactions
    for row, cells in zip(heat.row_levels, heat.cells, strict=True):
        for column, cell in zip(heat.column_levels, cells, strict=True):
            (arm,) = (
                arm
                for arm in found.study.trials
                if [str(value) for value in arm.point.values()] == [row, column]
            )
            assert cell == pytest.approx(statistics.fmean(arm.scores("test").values()))


def test_the_base_variant_is_the_reference(read: Make, ablation: MakeSweep) -> None:
    found = read(ablation())
    assert found.study.reference is not None
    assert found.study.reference.label == "base"
    static, tests = rows_of(found)["focus_h"], arms_of(found)
    expected = [tests["focus_h"].tests[k] - tests["base"].tests[k] for k in range(6)]
    assert list(static.by_seed.values()) == pytest.approx(expected)
    assert static.p_sign_flip == pytest.approx(2 / 64)


def test_the_command_trains_the_best_trial_again(read: Make, grid: MakeSweep) -> None:
    given = {
        "set": {"model.width": 32, "model.bin_length": 8, "train.learning_rate": 0.003},
        "home": "here",
        "cpus_per_trial": 2.0,
        "trials": 12,
    }
    found = read(grid(given=given))
    words = shlex.split(train_again(best_of(found), found.study.about))
    assert words[:4] == ["python", "sweeps/launch.py", "--space", "nfft_bins"]
    sets = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    assert sets == [
        *("model.width=32", "model.bin_length=32"),
        *("train.learning_rate=0.003", "model.nfft_factor=1"),
    ]
    assert words[words.index("--home") + 1] == "here"
    assert words[words.index("--trials") + 1] == "1"
    assert words[words.index("--seeds") + 1] == "3"
    assert words[words.index("--cpus-per-trial") + 1] == "2"  # threads change rounding


def test_the_command_resolves_to_the_same_trial(read: Make, grid: MakeSweep) -> None:
    """The oracle is the launcher's own planner."""
    from sweeps.planning.flags import build_parser
    from sweeps.planning.plan import make_plan

    found = read(grid())
    command = train_again(best_of(found), found.study.about)
    plan = make_plan(build_parser().parse_args(shlex.split(command)[2:]))
    assert plan.trials == 1
    (point,) = plan.space.grid()
    assert plan.space.configure(point, plan.base).trial_id == best_of(found).trial_id


def test_a_command_is_quoted_for_the_shell(read: Make, grid: MakeSweep) -> None:
    found = read(grid())
    odd = dataclasses.replace(best_of(found), point={"model.x": "a b; rm"})
    assert shlex.split(train_again(odd, found.study.about))[-1] == "model.x=a b; rm"
