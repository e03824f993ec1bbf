"""Check the study that the next launch would build against the ledger rows of the sweep."""

from __future__ import annotations

from typing import cast

from focus_core.config import TrialConfig
from search_spaces.axes import restored
from search_spaces.space import Space
from sweeps.commands.reasons import first_line
from sweeps.driving.study import Study
from sweeps.record.reader import Disagreement, Rows, TrialRow
from sweeps.record.schema import Report, Trial

TOLD = {"complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}
"""The study's state for each state of a row. A row in any other state must be RUNNING in the
study, because it goes on at the next launch."""


def check_study(rows: Rows) -> list[Disagreement]:
    """Every trial for which the study would tell a sampler something else than the ledger."""
    study = Study(
        space_of(rows),
        sampler="random",
        seed=rows.sweep.sampler_seed,
        direction="minimize" if rows.sweep.direction == "minimize" else "maximize",
        warmup=None,
    )
    found = [wrong for trial in rows.trials if (wrong := _add(study, trial))]
    refused = {wrong.trial_id for wrong in found}
    for trial in rows.trials:
        if trial.trial_id not in refused and (wrong := _compare(study, trial)):
            found.append(wrong)
    return found


def space_of(rows: Rows) -> Space:
    """A space with the axes that the ledger has: the space's own file may be gone."""
    axes = tuple(restored(about) for about in rows.sweep.axes)
    question = rows.sweep.question
    return Space(
        question=question,
        base=TrialConfig,
        axes=axes,
        seeds=rows.sweep.seeds,
        trials=None,
        sampler="random",
        pruner=None,
    )


def _add(study: Study, trial: TrialRow) -> Disagreement | None:
    try:
        # A plain row has every column that the study reads.
        study.add(cast("Trial", trial), cast("list[Report]", trial.reports))
    except (ValueError, TypeError) as error:
        said = first_line(error)
        return _wrong(trial, f"Optuna refuses it: {said}", "a point of the sweep's axes")
    return None


def _compare(study: Study, trial: TrialRow) -> Disagreement | None:
    told = study.told(trial.trial_id)
    state = TOLD.get(trial.state, "RUNNING")
    if told.state.name != state:
        return _wrong(trial, f"{trial.state}, but the study has {told.state.name}", state)
    if state == "COMPLETE" and told.value != trial.value:
        return _wrong(trial, f"the study has the value {told.value}", str(trial.value))
    seen = {r.step: r.value for r in trial.reports if r.value is not None}
    if told.intermediate_values != seen:
        count = len(told.intermediate_values)
        return _wrong(trial, f"the study has {count} reported values", f"the {len(seen)} reported")
    return None


def _wrong(trial: TrialRow, what: str, expected: str) -> Disagreement:
    return Disagreement(trial.trial_id, "study", what, expected)
