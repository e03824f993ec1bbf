"""A bidirectional classifier is ranked, never called leaky, and said to be what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.page_evidence import certificates
from analysis.reading.ledger import read_sweep
from analysis.summary import summarise
from sweeps import audit, launch
from sweeps.alarms import LEAK_TOLERANCE, promised
from tests.sweeps.local_launches import TINY
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

SETTINGS = ["task.name=noisy_tones", "model.bidirectional=true"]


def test_it_is_ranked_and_said(tmp_path: Path, mlflow: Mlflow) -> None:
    home = ["--home", str(tmp_path)]
    assert launch.main([*TINY, *SETTINGS, *home]) == 0
    for run in mlflow.run_ids():
        tags = mlflow.tags(run)
        assert (tags["causal"], tags["bidirectional"]) == ("false", "true")
        assert {"leaky", "alarm"}.isdisjoint(tags)
    assert mlflow.tags(mlflow.run_id("sweep"))["best_trial_id"]
    assert audit.main(home) == 0
    found: dict[str, Any] = summarise(read_sweep(tmp_path, None))
    assert [(t["ranked"], t["leaky"]) for t in found["trials"]] == [(True, False)] * 2
    for row in found["certificates"]:
        assert (row["promised"], row["alarms"]) == ("bidirectional", [])
        assert row["leak"] > LEAK_TOLERANCE
    assert "bidirectional" in certificates(found)


@pytest.mark.parametrize(
    ("causal", "config", "said"),
    [
        (True, {}, "causal"),
        (True, {"model.bidirectional": True}, "bidirectional"),
        (False, {"model.bidirectional": True}, "LEAKY"),  # it is declared to be: not ranked
        (False, {}, "LEAKY"),
    ],
)
def test_what_is_promised(causal: bool, config: dict[str, Any], said: str) -> None:
    assert promised(causal=causal, config=config) == said
