"""Importances: a planted order is found, and nothing is claimed of noise."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from analysis.importance import importances
from analysis.permutation import permutation_p, seeds_p, trials_p
from analysis.reading.arms import Arm

AXES: list[dict[str, Any]] = [
    {"key": "model.a", "kind": "categorical", "choices": [1, 2, 4]},
    {"key": "model.b", "kind": "categorical", "choices": ["x", "y", "z"]},
    {"key": "train.c", "kind": "float", "low": 1e-4, "high": 1e-2, "log": True},
]
SEEDS = 5


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.importance.RESAMPLES", 25)


def make_arm(number: int, point: dict[str, Any], score: float, **changes: Any) -> Arm:
    fields: dict[str, Any] = {
        "number": number,
        "trial_id": f"{number:012x}",
        "label": str(number),
        "point": point,
        "config": {},
        "variant": None,
        "causal": True,
        "state": "complete",
        "reason": None,
        "error": None,
        "value": score,
        "test": score,
        "values": dict.fromkeys(range(SEEDS), score),
        "tests": dict.fromkeys(range(SEEDS), score),
        "diverged": {},
        "step": 400,
        "steps": 400,
        "seconds": 1.0,
        "reused_from": None,
        "constants": {},
    }
    return Arm(**(fields | changes))


def planted(seed: int, effects: tuple[float, float, float], noise: float) -> list[Arm]:
    rng = np.random.default_rng(seed)
    found = []
    for number in range(36):
        a, b = (1, 2, 4)[number % 3], "xyz"[number // 3 % 3]
        c = float(10 ** rng.uniform(-4, -2))
        score = effects[0] * np.log2(a) + effects[1] * "xyz".index(b)
        score += effects[2] * (np.log10(c) + 3)
        tests = {k: float(score + 2 * noise * rng.standard_normal()) for k in range(SEEDS)}
        point = {"model.a": a, "model.b": b, "train.c": c}
        found.append(make_arm(number, point, sum(tests.values()) / SEEDS, tests=tests))
    return found


def repeated_luck(seed: int) -> list[Arm]:
    """Axis a does nothing but change each seed's luck; axis b does nothing at all."""
    rng = np.random.default_rng(seed)
    luck = rng.normal(0.6, 0.03, (3, SEEDS))  # (levels of a, seeds)
    return [
        make_arm(
            3 * i + j,
            {"model.a": (1, 2, 4)[i], "model.b": "xyz"[j]},
            float(luck[i].mean()),
            tests={k: float(luck[i, k] + 1e-5 * rng.standard_normal()) for k in range(SEEDS)},
        )
        for i in range(3)
        for j in range(3)
    ]


def test_a_planted_order_is_recovered() -> None:
    found = importances(AXES, planted(0, (0.3, 0.1, 0.0), 0.02), maximize=True)
    shares = {row["name"]: row["fanova"]["share"] for row in found["axes"]}
    assert shares["a"] > shares["b"] > shares["c"]
    assert {row["name"]: row["detectable"] for row in found["axes"]} == {
        "a": True,
        "b": True,
        "c": False,
    }
    assert [(c["upper"], c["lower"]) for c in found["order"]] == [("a", "b"), ("b", "c")]
    for row in found["axes"]:
        assert row["fanova"]["low"] <= row["fanova"]["share"] <= row["fanova"]["high"]
        assert row["ped_anova"]["low"] <= row["ped_anova"]["high"]


def test_nothing_is_claimed_of_noise() -> None:
    """Both methods hand out 100 % of noise too; that alone must not become a ranking."""
    found = importances(AXES, planted(3, (0.0, 0.0, 0.0), 0.1), maximize=True)
    assert sum(row["fanova"]["share"] for row in found["axes"]) == pytest.approx(1, abs=0.2)
    assert found["order"] == []
    assert not any(row["detectable"] for row in found["axes"])


def test_noise_is_called_detectable_in_at_most_five_percent() -> None:
    sweeps = [planted(seed, (0.0, 0.5, 0.0), 0.1) for seed in range(100)]
    calls = [permutation_p(AXES[0], AXES, arms) <= 0.05 for arms in sweeps]
    assert np.mean(calls) <= 0.05 + 0.065  # three standard errors of 100 sweeps


def test_trials_that_repeat_one_another_are_no_evidence() -> None:
    """Nine trials are then three; shuffling trials alone calls that a finding nearly always."""
    sweeps = [repeated_luck(seed) for seed in range(40)]
    calls = [permutation_p(AXES[0], AXES[:2], arms) <= 0.05 for arms in sweeps]
    fooled = [trials_p(AXES[0], AXES[:2], arms) <= 0.05 for arms in sweeps]
    assert np.mean(calls) <= 0.05 + 0.1  # three standard errors of 40 sweeps
    assert np.mean(fooled) > 0.9


def test_a_sampler_that_favours_a_level_is_no_evidence() -> None:
    """Axis b did the work where a is 4; shuffling within seeds alone takes that for a's."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(30):
        a = (1, 2, 4)[number % 3]
        b = "z" if a == 4 and rng.random() < 0.8 else "xyz"[int(rng.integers(3))]
        score = 0.5 + 0.2 * "xyz".index(b)
        tests = {k: float(score + 0.02 * rng.standard_normal()) for k in range(SEEDS)}
        point = {"model.a": a, "model.b": b}
        found.append(make_arm(number, point, sum(tests.values()) / SEEDS, tests=tests))
    assert seeds_p(AXES[0], found) <= 0.05
    assert permutation_p(AXES[0], AXES[:2], found) > 0.05
    assert permutation_p(AXES[1], AXES[:2], found) <= 0.05


def test_it_repeats_to_the_last_digit() -> None:
    arms = planted(1, (0.3, 0.1, 0.0), 0.05)
    assert importances(AXES[:2], arms, maximize=True) == importances(AXES[:2], arms, maximize=True)


def test_only_full_budget_sound_trials_count() -> None:
    """A pruned trial's early value once turned 0.90 / 0.04 into 0.07 / 0.87."""
    arms = planted(0, (0.3, 0.1, 0.0), 0.02)
    lies = [
        make_arm(100, arms[0].point, 9.0, state="pruned"),
        make_arm(101, arms[1].point, 9.0, causal=False),
        make_arm(102, arms[2].point, 9.0, constants={"leak": 0.5}),
        make_arm(103, arms[3].point, 9.0, diverged={1: 50}),
    ]
    expected = importances(AXES[:2], arms, maximize=True)
    assert importances(AXES[:2], [*arms, *lies], maximize=True) == expected
    believed = [make_arm(100, arms[0].point, 9.0)]
    assert importances(AXES[:2], [*arms, *believed], maximize=True) != expected


def test_a_conditional_axis_is_read_where_it_is_alive() -> None:
    axes = [*AXES[:2], {"key": "model.d", "kind": "categorical", "choices": [1, 2]}]
    found = []
    for arm in planted(2, (0.3, 0.0, 0.0), 0.02):
        alive = {"model.d": 1 + arm.number % 2} if arm.point["model.b"] == "x" else {}
        found.append(dataclasses.replace(arm, point={**arm.point, **alive}))
    result = importances(axes, found, maximize=True)
    rows = {row["name"]: row for row in result["axes"]}
    assert rows["d"]["conditional"]
    assert rows["d"]["fanova"] is None
    assert rows["d"]["ped_anova"] is not None
    assert not rows["a"]["conditional"]
    assert "conditional axis" in result["note"]


def test_direction_turns_ped_anova_only() -> None:
    arms = planted(0, (0.3, 0.1, 0.0), 0.02)
    up = importances(AXES[:2], arms, maximize=True)
    down = importances(AXES[:2], arms, maximize=False)
    for one, other in zip(up["axes"], down["axes"], strict=True):
        assert one["fanova"]["share"] == pytest.approx(other["fanova"]["share"], abs=0.05)
    assert up["axes"][1]["ped_anova"] != down["axes"][1]["ped_anova"]


def test_ties_are_no_trouble() -> None:
    arms = [
        make_arm(k, {"model.a": (1, 2, 4)[k % 3], "model.b": "xyz"[k // 3]}, 0.5 + 0.1 * (k == 8))
        for k in range(9)
    ]
    found = importances(AXES[:2], arms, maximize=True)
    assert len(found["axes"]) == 2
    assert found["order"] == []


@pytest.mark.parametrize(
    ("axes", "arms", "why"),
    [
        (AXES[:1], planted(0, (0.3, 0.1, 0.0), 0.02), "fewer than two"),
        (AXES[:2], planted(0, (0.3, 0.1, 0.0), 0.02)[:7], "Fewer than 8"),
        (AXES[:2], planted(0, (0.0, 0.0, 0.0), 0.0), "no spread"),
        (AXES[:2], [], "fewer than two"),
    ],
)
def test_too_little_is_said(axes: list[dict[str, Any]], arms: list[Arm], why: str) -> None:
    found = importances(axes, arms, maximize=True)
    assert found["axes"] == []
    assert why in found["note"]
