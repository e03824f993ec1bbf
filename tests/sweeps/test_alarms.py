"""What makes a trial's numbers suspect, and that MLflow shows it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sweeps.evidence.alarms import alarms
from tests.sweeps.listener_rows import make_reports, make_sweep, make_trial
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

FINE = {"leak": 1e-7, "pole_radius_max": 0.99, "loss_floor": 1.0, "future_masked": 2.2}
FINE |= {"future_seen": 2.1}
BAD: list[tuple[dict[str, float | None], float, str]] = [
    ({"leak": 0.2}, 1.0, "promised causal, but leaks 2.0e-01"),
    ({"leak": math.nan}, 1.0, "promised causal, but leaks nan"),
    ({"leak": None}, 1.0, "promised causal, but leaks nan"),
    ({"pole_radius_max": 1.0}, 1.0, "unstable: pole radius 1.000"),
    ({}, 0.9, "loss 0.900 below its floor 1.000"),
    ({"future_masked": 5.4}, 1.0, "reads the future: 2.10 bits with it, 5.40 once it is masked"),
]


def look(changes: dict[str, float | None], loss: float = 1.0, **options: Any) -> list[str]:
    wanted: dict[str, Any] = {"causal": True, "fresh": True, "train_loss": loss}
    return alarms(FINE | changes, **(wanted | options))


def test_what_is_well_alarms_nobody() -> None:
    assert look({}) == []
    assert alarms({}, causal=True, fresh=True, train_loss=None) == []


@pytest.mark.parametrize(("changes", "loss", "said"), BAD)
def test_each_alarm(changes: dict[str, float | None], loss: float, said: str) -> None:
    (found,) = look(changes, loss)
    assert found.startswith(said)


def test_where_an_alarm_would_prove_nothing_there_is_none() -> None:
    assert look({"leak": 0.5}, causal=False) == []
    assert look({}, 0.5, fresh=False) == []
    assert look({"loss_floor": 0.0}, -1.0) == []


def test_the_run_of_a_suspect_trial_bears_the_alarm(mlflow: Mlflow) -> None:
    sweep, suspect, honest = make_sweep(), make_trial(number=0), make_trial(number=1)
    runs = mlflow.runs_of(sweep)
    runs.mirror(sweep, suspect, make_reports(suspect, said={"leak": 0.3}), complete=True)
    runs.mirror(sweep, honest, make_reports(honest, said={"leak": 1e-7}), complete=True)
    tags = {mlflow.tags(run)["focus.trial_id"]: mlflow.tags(run) for run in mlflow.run_ids()}
    assert tags[suspect.trial_id]["alarm"] == "promised causal, but leaks 3.0e-01 (> 0.0001)"
    assert "alarm" not in tags[honest.trial_id]
