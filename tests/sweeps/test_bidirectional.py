"""A bidirectional classifier is ranked, never called leaky, and said to be what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.findings import Findings
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.sections.trust import card
from focus_core.training.limits import LEAK_TOLERANCE
from sweeps import audit, launch
from sweeps.evidence.alarms import promised
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
    findings = Findings(study(read_sweep(tmp_path, None)))
    assert [(arm.ranked, arm.leaky) for arm in findings.study.trials] == [(True, False)] * 2
    for row in findings.trust.certificates:
        assert (row["promised"], row["alarms"]) == ("bidirectional", [])
        assert row["leak"] > LEAK_TOLERANCE
    told = card(findings)
    assert told is not None
    (table,) = (table for table in told.tables if table.name == "certificates")
    assert {row[1] for row in table.rows} == {"bidirectional"}


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
