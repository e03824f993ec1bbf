"""One rule of who may be best: terminal, MLflow, audit and report ask it."""

import math
from typing import Any

import pytest

from analysis.reading.arms import arms, best_arm
from sweeps.evidence.ranking import Leaks, largest
from sweeps.record.schema import Replicate
from sweeps.showing.progress import Progress, best_trial
from tests.narrowing import known
from tests.sweeps.listener_rows import START, ended, make_report, make_sweep
from tests.without_ledger import trials_table

BIDIRECTIONAL = {"model.bidirectional": True}
NEVER: dict[str, dict[str, Any]] = {
    "declared leaky": {"causal": False},
    "pruned": {"state": "pruned"},
    "without a score": {"value": None},
    "not a number": {"value": math.nan},
    "infinite": {"value": math.inf},
}


@pytest.mark.parametrize("flaw", NEVER)
def test_never_best(flaw: str) -> None:
    honest, suspect = ended(0, value=0.4), ended(1, **{"value": 0.9} | NEVER[flaw])
    assert best_trial(make_sweep(), [honest, suspect], Leaks()) is honest
    suspect.causal, suspect.state, suspect.value = True, "complete", 0.9  # negative control
    assert best_trial(make_sweep(), [honest, suspect], Leaks()) is suspect


@pytest.mark.parametrize(
    ("told", "config", "ranked"),
    [
        ({}, {}, True),
        ({"leak": 1e-7}, {}, True),
        ({"leak": 0.5}, {}, False),
        ({"leak": -0.5}, {}, False),
        ({"leak": None}, {}, False),  # how the ledger keeps a NaN
        ({"leak": 1e-7, "leak/1": 0.5}, {}, False),
        ({"leak": 0.5}, BIDIRECTIONAL, True),
        ({"pole_radius_max": 0.5, "leaky_things/0": 3.0}, {}, True),
    ],
)
def test_what_was_measured_once_counts_to_the_end_for_terminal_and_report_alike(
    told: dict[str, float | None], config: dict[str, bool], ranked: bool
) -> None:
    sweep, honest, suspect = make_sweep(), ended(0, value=0.4), ended(1, value=0.9, config=config)
    reports = [make_report(suspect, 50, said=told), make_report(suspect, 400, leak=0.0)]
    progress = Progress()
    progress.start(sweep, [honest, suspect], {suspect.id: reports})
    assert progress.best() is (suspect if ranked else honest)
    assert progress.is_leaky(suspect) is not ranked

    suspect.reports = reports
    for trial in (honest, suspect):
        trial.replicates = [
            Replicate(seed=seed, state="complete", step=400, value=trial.value) for seed in (0, 1)
        ]
    axes = [{"key": "model.bin_length", "kind": "categorical", "choices": [1, 2]}]
    best = best_arm(arms(trials_table([honest, suspect], axes), axes), maximize=True)
    assert best is not None
    assert best.trial_id == known(progress.best()).trial_id
    assert START  # rows made by hand


def test_the_earlier_of_equals_and_less_where_less_is_better() -> None:
    trials = [ended(n, value=value) for n, value in enumerate((0.5, 0.3, 0.5, 0.3))]
    assert best_trial(make_sweep(), trials, Leaks()) is trials[0]
    assert best_trial(make_sweep(direction="minimize"), trials[::-1], Leaks()) is trials[1]


def test_a_step_that_is_trained_again_is_heard_again() -> None:
    leaks = Leaks()
    leaks.hear(1, 50, {"leak": 0.5})
    assert leaks.largest(1) == 0.5
    leaks.hear(1, 50, {"leak": 0.0})
    assert leaks.largest(1) == 0.0
    assert leaks.largest(2) is None
    assert largest("leak", []) is None
