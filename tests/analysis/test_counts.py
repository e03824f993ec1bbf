"""The line of counts is true of every configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.sections.sentences import counts
from focus_core.config import TrialConfig
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial

WIDTHS = {"key": "model.width", "kind": "categorical", "choices": [32, 64]}
SCORES = [0.5, 0.6, 0.7, 0.55, 0.65]


@pytest.mark.parametrize("more", [3, 5])  # as of ``--only`` and of ``--compare``
def test_some_may_have_more_seeds(
    ledger: MakeHome, sweep_of: MakeSweep, trial_of: MakeTrial, tmp_path: Path, more: int
) -> None:
    trials = [
        trial_of(0, TrialConfig(), {"model.width": 32}, SCORES[:3]),
        trial_of(1, TrialConfig(), {"model.width": 64}, SCORES[:more]),
    ]
    home = ledger(tmp_path, sweep_of("s", "order", trials, axes=[WIDTHS]))
    said = counts(study(read_sweep(home, None)))
    seeds = "3 seeds" if more == 3 else "3 to 5 seeds"
    assert said == f"2 configurations × {seeds}, all complete."  # noqa: RUF001
