"""A sweep's tables from rows that were never written: for tests of what is made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from analysis.reading.curves import CurvesBuilder, Report
from analysis.reading.tables import REPLICATE, TRIAL_COLUMNS, trial_row, trials_schema
from sweeps.record.schema import Trial


def trials_table(trials: Sequence[Trial], axes: Sequence[Mapping[str, Any]]) -> pa.Table:
    rows = []
    for trial in trials:
        columns = {name: getattr(trial, name) for name in TRIAL_COLUMNS}
        columns |= {name: json.dumps(columns[name]) for name in ("config", "point")}
        seeds = [{n: getattr(seed, n) for n in REPLICATE.names} for seed in trial.replicates]
        said = CurvesBuilder().add(trial.number, trial.trial_id, _reports(trial))
        rows.append(trial_row(columns, seeds, said, axes))
    return pa.Table.from_pylist(rows, trials_schema(axes))


def curves_table(trials: Sequence[Trial]) -> pa.Table:
    curves = CurvesBuilder()
    for trial in trials:
        curves.add(trial.number, trial.trial_id, _reports(trial))
    return curves.table()


def _reports(trial: Trial) -> list[Report]:
    return [Report(report.step, json.dumps(report.metrics)) for report in trial.reports]
