"""Who may be ranked, what is averaged, and what the answer may say."""

from __future__ import annotations

import dataclasses
import shlex
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.reading.ledger import read_sweep
from analysis.summary import rerun_command, summarise
from focus_core.config import TrialConfig
from sweeps.alarms import LEAK_TOLERANCE

Make = Callable[..., Any]
BASE = TrialConfig()
ORDER = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.importance.RESAMPLES", 10)


def by_label(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["label"]: row for row in rows}


@pytest.fixture
def ablated(tmp_path: Path, ledger: Make, ablation: Make) -> dict[str, Any]:
    return summarise(read_sweep(ledger(tmp_path, ablation()), None))


@pytest.fixture
def gridded(tmp_path: Path, ledger: Make, grid: Make) -> dict[str, Any]:
    return summarise(read_sweep(ledger(tmp_path, grid()), None))


def test_counts_hide_nothing(ablated: dict[str, Any]) -> None:
    counts = ablated["counts"]
    shown = {k: counts[k] for k in ("complete", "pruned", "failed", "killed", "running")}
    assert shown == {"complete": 6, "pruned": 1, "failed": 2, "killed": 1, "running": 0}
    assert (counts["planned"], counts["diverged_seeds"], counts["leaky"]) == (10, 1, 1)
    assert not counts["finished"]


def test_a_diverged_seed_leaves_no_mean_of_survivors(ablated: dict[str, Any]) -> None:
    lattice = by_label(ablated["trials"])["lattice"]
    assert list(lattice["diverged"]) == ["2"]
    assert lattice["validation"] is None
    assert lattice["test"] is None
    assert len(lattice["values"]) == 5  # they are shown, one by one
    assert by_label(ablated["comparisons"])["lattice"]["verdict"] == (
        "not compared: diverged (1 seed)"
    )


@pytest.mark.parametrize("arm", ["carry", "no_global_conv", "one_window"])
def test_what_did_not_complete_has_no_mean(ablated: dict[str, Any], arm: str) -> None:
    trial = by_label(ablated["trials"])[arm]
    assert trial["validation"] is None
    assert not trial["ranked"]
    assert "difference" not in by_label(ablated["comparisons"])[arm]


def test_a_pruned_trials_value_enters_no_level(
    tmp_path: Path, ledger: Make, sweep_of: Make, trial_of: Make
) -> None:
    scores = {1: [0.5, 0.52, 0.51], 2: [0.6, 0.61, 0.62]}
    trials = [
        trial_of(k, BASE, {"model.order": order}, seeds)
        for k, (order, seeds) in enumerate(scores.items())
    ]
    early = trial_of(2, BASE, {"model.order": 1}, [0.9, 0.9, 0.9], state="pruned", step=50)
    early.trial_id = "another"
    sweep = sweep_of("s", "order", [*trials, early], axes=ORDER)
    summary = summarise(read_sweep(ledger(tmp_path, sweep), None))
    means = [level["mean"] for level in summary["effects"][0]["levels"]]
    assert means == pytest.approx([statistics.fmean(seeds) for seeds in scores.values()])
    assert summary["best"]["label"] == "order=2"


def test_a_leaky_trial_is_shown_and_never_best(ablated: dict[str, Any]) -> None:
    literal = by_label(ablated["trials"])["literal"]
    assert literal["leaky"]
    assert not literal["ranked"]
    assert literal["test"]["mean"] > 0.9  # better than the base, and shown
    assert ablated["best"]["label"] == "attention"
    assert by_label(ablated["comparisons"])["literal"]["verdict"].startswith("not compared: LEAKY")
    shown = {level["level"] for level in ablated["effects"][0]["levels"]}
    assert "literal" not in shown


# None is how the ledger keeps a NaN: a probe that shows nothing.
@pytest.mark.parametrize(
    "case", [(LEAK_TOLERANCE / 2, "order=2"), (0.1, "order=1"), (None, "order=1")]
)
def test_a_promise_that_was_broken_counts_as_leaky(
    tmp_path: Path, ledger: Make, sweep_of: Make, trial_of: Make, case: tuple[float | None, str]
) -> None:
    leak, best = case
    trials = [
        trial_of(0, BASE, {"model.order": 1}, [0.5, 0.5, 0.6]),
        trial_of(1, BASE, {"model.order": 2}, [0.9, 0.9, 0.8], leak=leak),
    ]
    sweep = sweep_of("s", "order", trials, axes=ORDER)
    summary = summarise(read_sweep(ledger(tmp_path, sweep), None))
    assert summary["best"]["label"] == best
    alarms = by_label(summary["certificates"])["order=2"]["alarms"]
    assert bool(alarms) == (best == "order=1")


def test_selected_on_validation_reported_on_test(
    tmp_path: Path, ledger: Make, sweep_of: Make, trial_of: Make
) -> None:
    first = trial_of(0, BASE, {"model.order": 1}, [0.6, 0.6, 0.6])
    second = trial_of(1, BASE, {"model.order": 2}, [0.7, 0.7, 0.7])
    first.test = 0.99  # better on test: must not be chosen for it
    for replicate, score in zip(second.replicates, (0.3, 0.4, 0.5), strict=True):
        replicate.test = score
    sweep = sweep_of("s", "order", [first, second], axes=ORDER)
    summary = summarise(read_sweep(ledger(tmp_path, sweep), None))
    assert summary["best"]["label"] == "order=2"
    assert summary["best"]["validation"]["mean"] == pytest.approx(0.7)
    assert summary["best"]["test"]["mean"] == pytest.approx(0.4)


def test_less_can_be_better(tmp_path: Path, ledger: Make, grid: Make) -> None:
    sweep = grid(direction="minimize", metric="loss")
    summary = summarise(read_sweep(ledger(tmp_path, sweep), None))
    assert summary["best"]["point"]["model.bin_length"] == 64


def test_the_grids_effects_are_those_planted(gridded: dict[str, Any]) -> None:
    effects = {e["name"]: e for e in gridded["effects"]}
    assert effects["bin_length"]["difference"] == pytest.approx(0.56, abs=0.06)
    assert effects["bin_length"]["low"] > 0.4
    assert effects["nfft_factor"]["difference"] == pytest.approx(0.02, abs=0.04)
    assert [level["trials"] for level in effects["bin_length"]["levels"]] == [3, 3, 3, 3]
    assert effects["bin_length"]["verdict"].startswith("undecided")  # three seeds


def test_the_heat_map_holds_every_cell(gridded: dict[str, Any]) -> None:
    heat = gridded["heat_map"]
    tests = {
        (t["point"]["model.bin_length"], t["point"]["model.nfft_factor"]): t["test"]["mean"]
        for t in gridded["trials"]
    }
    for bin_length, note, cells in zip(
        heat["row_levels"], heat["row_notes"], heat["cells"], strict=True
    ):
        assert note == f"{64 // int(bin_length)} bin{'s' * (bin_length != '64')}"
        for factor, cell in zip(heat["column_levels"], cells, strict=True):
            assert cell == pytest.approx(tests[int(bin_length), int(factor)])


def test_three_seeds_decide_no_comparison(gridded: dict[str, Any]) -> None:
    assert len(gridded["comparisons"]) == 11
    assert all(row["verdict"].startswith("undecided") for row in gridded["comparisons"])
    assert any("11 undecided" in sentence for sentence in gridded["answer"])


def test_three_seeds_decide_nothing_anywhere(gridded: dict[str, Any]) -> None:
    verdicts = [row["verdict"] for row in gridded["effects"] + gridded["comparisons"]]
    verdicts += [row["verdict"] for row in gridded["importances"]["axes"]]
    verdicts += [row["window"] for row in gridded["certificates"]]
    assert set(verdicts) == {"undecided (n = 3 < 5 seeds)"}
    assert not any(row["detectable"] for row in gridded["importances"]["axes"])
    assert gridded["importances"]["order"] == []
    said = " ".join(gridded["answer"])
    for word in ("beats", "excludes", "the levels differ", "detectabl"):
        assert word not in said


def test_the_base_variant_is_the_reference(ablated: dict[str, Any]) -> None:
    assert ablated["reference"] == "base"
    static = by_label(ablated["comparisons"])["static"]
    tests = {t["label"]: t["tests"] for t in ablated["trials"]}
    expected = [tests["static"][k] - tests["base"][k] for k in map(str, range(6))]
    assert list(static["by_seed"].values()) == pytest.approx(expected)
    assert static["p"] == pytest.approx(2 / 64)


@pytest.mark.parametrize("case", [(1.2, False), (1.9, True), (0.0, False)])
def test_a_loss_below_its_floor_is_an_alarm(
    tmp_path: Path, ledger: Make, sweep_of: Make, trial_of: Make, case: tuple[float, bool]
) -> None:
    floor, alarmed = case
    trial = trial_of(0, BASE, {"model.order": 2}, [0.9, 0.9, 0.9])
    for report in trial.reports:
        report.metrics = report.metrics | {"loss_floor": floor}
    sweep = sweep_of("s", "order", [trial], axes=ORDER)
    summary = summarise(read_sweep(ledger(tmp_path, sweep), None))
    (row,) = summary["certificates"]
    assert any("floor" in a for a in row["alarms"]) == alarmed
    assert row["loss_floor"] == (floor or None)  # 0 is no floor: it could never be undercut


def test_the_command_trains_the_best_trial_again(tmp_path: Path, ledger: Make, grid: Make) -> None:
    command = (
        "python sweeps/launch.py --space nfft_bins --set model.width=32 model.bin_length=8 "
        "--home=here --cpus-per-trial 2 --trials 12 --tracking-uri http://u:secret@host"
    )
    data = read_sweep(ledger(tmp_path, grid(command=command)), None)
    words = shlex.split(summarise(data)["best"]["command"])
    assert words[:4] == ["python", "sweeps/launch.py", "--space", "nfft_bins"]
    sets = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    assert sets == ["model.width=32", "model.bin_length=32", "model.nfft_factor=1"]
    assert words[words.index("--home") + 1] == "here"
    assert words[words.index("--trials") + 1] == "1"
    assert words[words.index("--seeds") + 1] == "3"
    assert words[words.index("--cpus-per-trial") + 1] == "2"  # threads change rounding
    assert "--tracking-uri" not in words
    assert "secret" not in " ".join(words)


def test_the_command_resolves_to_the_same_trial(tmp_path: Path, ledger: Make, grid: Make) -> None:
    """The oracle is the launcher's own planner."""
    from sweeps.launch import build_parser
    from sweeps.plan import make_plan

    best = summarise(read_sweep(ledger(tmp_path, grid()), None))["best"]
    plan = make_plan(build_parser().parse_args(shlex.split(best["command"])[2:]))
    assert plan.trials == 1
    (point,) = plan.space.grid()
    assert plan.space.configure(point, plan.base).trial_id == best["trial_id"]


def test_a_command_is_quoted_for_the_shell(tmp_path: Path, ledger: Make, grid: Make) -> None:
    from analysis.reading.arms import arms

    data = read_sweep(ledger(tmp_path, grid()), None)
    arm = arms(data.trials, data.about["axes"])[0]
    odd = dataclasses.replace(arm, point={"model.x": "a b; rm"})
    assert shlex.split(rerun_command(odd, data.about))[-1] == "model.x=a b; rm"
