"""What each axis of a sweep does: how it is tested, what is said, and where nothing can be said."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from axis_worlds import study_of

from analysis.findings.axes import axis_findings
from analysis.findings.axis_results import AxisFindings, AxisResult

LR = {"key": "train.lr", "kind": "float", "low": 1e-4, "high": 1e-1, "log": True}


def choices(key: str, *values: Any) -> dict[str, Any]:
    return {"key": key, "kind": "categorical", "choices": list(values)}


A, B = choices("model.a", 1, 2, 3), choices("model.b", "x", "y")


def found(
    points: list[dict[str, Any]], truth: Any, axes: list[dict[str, Any]], **options: Any
) -> AxisFindings:
    """Findings of scores ``truth(point)`` with noise of .02 between trials and between seeds."""
    seeds = options.pop("seeds", 5)
    rng = np.random.default_rng(options.pop("number", 0))
    spread = options.pop("trial", 0.0)
    scores = np.array([truth(point) for point in points], dtype=float)[:, None]
    scores = scores + spread * rng.normal(size=scores.shape)
    scores = scores + 0.02 * rng.normal(size=(len(points), seeds)) + 0.05 * rng.normal(size=seeds)
    return axis_findings(study_of(points, scores, axes, **options))


def grid(*axes: dict[str, Any]) -> list[dict[str, Any]]:
    keys = [axis["key"] for axis in axes]
    return [
        dict(zip(keys, p, strict=True)) for p in itertools.product(*(a["choices"] for a in axes))
    ]


def named(findings: AxisFindings, name: str) -> AxisResult:
    return next(axis for axis in findings.axes if axis.name == name)


def rising(point: dict[str, Any]) -> float:
    return 0.2 * float(point["model.a"])


def test_a_balanced_grid_is_tested_within_seeds_and_its_border_is_told() -> None:
    result = found(grid(A, B), rising, [A, B])
    a, b = named(result, "a"), named(result, "b")
    assert (a.analysis, b.analysis) == ("grid", "grid")
    assert (a.verdict, b.verdict) == ("differ", "not told apart")
    assert a.gap is not None
    assert (a.gap.best, a.gap.worst) == ("3", "1")
    assert a.gap.low is not None
    assert a.gap.high is not None
    assert a.gap.low <= 0.4 <= a.gap.high
    assert a.border is not None
    assert (a.border.label, a.border.side, a.border.decided) == ("3", "above", True)
    assert b.at_most is not None
    assert 0 < b.at_most < 0.1
    assert b.border is None  # words have no ends
    assert [level.trials for level in a.levels] == [2, 2, 2]


def test_less_is_better_where_the_metric_is_minimised() -> None:
    a = named(found(grid(A, B), rising, [A, B], maximize=False), "a")
    assert a.gap is not None
    assert (a.gap.best, a.gap.worst) == ("1", "3")
    assert a.gap.difference == pytest.approx(-0.4, abs=0.1)
    assert a.border is not None
    assert a.border.side == "below"


def test_no_border_where_the_best_is_inside_or_nothing_is_decided() -> None:
    hill = named(found(grid(A, B), lambda p: -abs(p["model.a"] - 2), [A, B]), "a")
    flat = named(found(grid(A, B), lambda p: 0.5, [A, B]), "a")
    assert hill.gap is not None
    assert (hill.verdict, hill.gap.best, hill.border) == ("differ", "2", None)
    assert (flat.verdict, flat.border) == ("not told apart", None)


@pytest.mark.parametrize(("seeds", "verdict"), [(1, "open"), (2, "open"), (3, "differ")])
def test_fewer_than_three_seeds_decide_nothing(seeds: int, verdict: str) -> None:
    a = named(found(grid(A, B), rising, [A, B], seeds=seeds), "a")
    assert a.verdict == verdict
    assert ("seed" in a.why) == (seeds < 3)


def test_a_hole_in_a_grid_leaves_the_settings_that_all_levels_share() -> None:
    c = choices("model.c", 1, 2, 3, 4)
    points = [p for p in grid(A, c) if p != {"model.a": 2, "model.c": 4}]
    a = named(found(points, rising, [A, c]), "a")
    assert (a.analysis, a.trials) == ("grid", 9)
    assert a.why == "compared where every level was trained: 9 of 11 trials"


def test_an_axis_that_only_some_levels_have_is_tested_among_them() -> None:
    """A grid whose third axis exists beside one level of the second, as spaces are written."""
    c = choices("model.c", 10, 20)
    points = [p for p in grid(A, B, c) if p["model.b"] == "y" or p["model.c"] == 10]
    points = [{k: v for k, v in p.items() if p["model.b"] == "y" or k != "model.c"} for p in points]
    result = found(points, lambda p: 0.01 * p.get("model.c", 15), [A, B, c])
    inner, outer, beside = (named(result, name) for name in "cba")
    assert (inner.analysis, inner.verdict, inner.trials) == ("grid", "differ", 6)
    assert (outer.analysis, outer.verdict) == ("grid", "not told apart")  # .15 on both sides
    assert (beside.analysis, beside.verdict, beside.trials) == ("grid", "not told apart", 9)


def random_points(
    trials: int, number: int = 0, *, conditional: bool = False
) -> list[dict[str, Any]]:
    rng = np.random.default_rng(number)
    points = []
    for _ in range(trials):
        point = {"model.a": int(rng.integers(1, 4)), "model.b": str(rng.choice(["x", "y"]))}
        point["train.lr"] = float(10 ** rng.uniform(-4, -1))
        if conditional and point["model.b"] == "y":
            point["model.c"] = int(rng.choice([10, 20]))
        points.append(point)
    return points


def humped(point: dict[str, Any]) -> float:
    return float(-0.1 * (np.log10(point["train.lr"]) + 2) ** 2)


def test_a_random_sweep_is_a_mixed_model_and_a_continuous_axis_is_a_curve() -> None:
    result = found(random_points(60), humped, [A, B, LR], trial=0.03)
    lr = named(result, "lr")
    assert {axis.analysis for axis in result.axes} == {"mixed"}
    assert [axis.verdict for axis in result.axes] == ["not told apart", "not told apart", "differ"]
    assert lr.curve is not None
    assert lr.log
    assert lr.continuous
    best = lr.curve.at[np.argmax(lr.curve.mean)]
    assert 3e-3 < best < 3e-2
    assert lr.border is None
    assert lr.gap is not None
    assert lr.gap.low is not None
    assert lr.gap.low > 0.2
    truth = humped({"train.lr": 1e-2}) - np.mean([humped({"train.lr": x}) for x in lr.curve.at])
    peak = int(np.argmin(np.abs(np.log(lr.curve.at) - np.log(1e-2))))
    around = lr.curve.mean.mean()
    assert lr.curve.low[peak] <= truth + around <= lr.curve.high[peak]


def test_a_curve_whose_best_end_is_the_axis_own_can_be_widened() -> None:
    lr = named(found(random_points(60), lambda p: np.log10(p["train.lr"]), [A, B, LR]), "lr")
    assert lr.border is not None
    assert (lr.border.side, lr.border.decided) == ("above", True)
    inside = LR | {"high": 10.0}  # the sweep allowed more, and nobody tried it
    other = named(found(random_points(60), lambda p: np.log10(p["train.lr"]), [A, B, inside]), "lr")
    assert other.border is None


def test_intervals_include_the_spread_between_configurations() -> None:
    """Trials that differ by more than their seeds do make an axis less sure."""
    narrow, wide = (
        named(found(random_points(60), lambda p: 0.1 * p["model.a"], [A, B, LR], trial=s), "a")
        for s in (0.0, 0.2)
    )
    assert narrow.gap is not None
    assert wide.gap is not None
    widths = [float(gap.high or 0) - float(gap.low or 0) for gap in (narrow.gap, wide.gap)]
    assert widths[1] > 3 * widths[0]


def test_a_conditional_axis_of_a_random_sweep_is_tested_among_the_trials_that_have_it() -> None:
    c = choices("model.c", 10, 20)
    points = random_points(60, conditional=True)
    result = found(points, lambda p: 0.01 * p.get("model.c", 0), [A, B, LR, c], trial=0.02)
    inner = named(result, "c")
    assert inner.verdict == "differ"
    assert inner.trials == sum("model.c" in p for p in points)
    assert named(result, "b").verdict == "differ"  # 0 without, about .15 with
    assert named(result, "a").verdict == "not told apart"


def test_an_axis_that_moved_only_with_another_is_inseparable_and_has_no_p() -> None:
    points = random_points(40)
    for point in points:
        point["model.c"] = 10 if point["model.b"] == "x" else 20
    result = found(points, rising, [A, B, LR, choices("model.c", 10, 20)], trial=0.02)
    c, a = named(result, "c"), named(result, "a")
    assert (c.verdict, c.p, c.p_holm) == ("inseparable", None, None)
    assert c.why == "it moved only together with b"
    assert a.verdict == "differ"


def test_a_level_that_was_tried_twice_is_shown_and_not_tested() -> None:
    points = random_points(40)
    for i, point in enumerate(points):
        point["model.a"] = 3 if i < 2 else 1 + i % 2
    a = named(found(points, lambda p: float(p["model.a"] == 3), [A, B, LR], trial=0.02), "a")
    assert a.verdict == "not told apart"
    assert a.why == "too few trials at 3"
    assert [(level.trials, level.low is None) for level in a.levels][2] == (2, True)
    assert {i for pair in a.pairs for i in (pair.first, pair.second)} == {0, 1}


def test_only_seeds_that_make_the_largest_table_count() -> None:
    points = grid(A, B)
    study = study_of(points, np.random.default_rng(0).normal(size=(6, 5)), [A, B])
    for arm in study.trials[:5]:
        del arm.tests[3], arm.tests[4]  # two seeds were added to one trial alone
    result = axis_findings(study)
    assert result.counted.seeds == (0, 1, 2)
    assert result.counted.used == 6


def test_pruned_trials_count_nowhere_and_are_counted() -> None:
    points = random_points(30)
    states = ["pruned" if i % 3 == 0 else "complete" for i in range(30)]
    result = found(points, rising, [A, B, LR], trial=0.02, states=states)
    assert (result.counted.used, result.counted.pruned, result.counted.trials) == (20, 10, 30)
    axis = named(result, "a")
    assert sum(level.trials for level in axis.levels) == 20
    # What the pruner left decides nothing where no report says how all trials stood before.
    assert (axis.verdict, axis.p) == ("open", None)
    assert "trials were pruned" in axis.why
