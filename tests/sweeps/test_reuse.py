"""A second sweep in the same home takes over what the first one trained, and its records agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps import audit, launch
from tests.narrowing import known
from tests.sweeps.local_launches import TINY, changed, rows
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

QUESTION = changed(TINY, {"task.eval_sequences": "64"})  # enough that the seeds differ
CURVES = "select key, count(*), count(distinct step) from metrics where run_uuid = ? group by key"


@pytest.mark.parametrize("seeds", ["2", "1"])
def test_a_trial_taken_over_says_every_value_once(
    tmp_path: Path, mlflow: Mlflow, seeds: str
) -> None:
    """Also by a sweep with fewer seeds: then every mean is over those alone."""
    home = ["--home", str(tmp_path)]
    assert launch.main([*changed(QUESTION, {"--seeds": "2"}), *home]) == 0
    before = set(mlflow.run_ids())
    again = [*changed(QUESTION, {"--seeds": seeds}), "--name", "again"]
    assert launch.main([*again, *home]) == 0
    _, trials, reported = rows(tmp_path / "ledger.db", "again")
    first = rows(tmp_path / "ledger.db")[1]
    same_means = [t.value for t in trials] == [t.value for t in first]
    assert same_means == (seeds == "2")
    assert [t.reused_from for t in trials] == ["nfft_bins"] * 2
    assert list(reported.values()) == [[2, 4]] * 2
    added = set(mlflow.run_ids()) - before
    assert len(added) == 2
    for run in added:
        curves = mlflow.sql(CURVES, run)
        assert [key for key, points, steps in curves if points != steps] == []
        assert ("seed/1/validation_accuracy" in [key for key, _, _ in curves]) == (seeds == "2")
        assert [step for step, _ in mlflow.points(run)] == [2, 4]
    assert sorted(mlflow.points(run)[-1][1] for run in added) == sorted(
        known(t.value) for t in trials
    )
    assert audit.main(home) == 0
