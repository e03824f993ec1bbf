"""Make MLflow and the checkpoint folder agree with the ledger again; the ledger is only read.

A second repair changes nothing, because what agrees is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from focus_core.errors import UserError
from sweeps.auditing.checkpoints import clean_checkpoints, folder_of
from sweeps.auditing.home import Looked
from sweeps.auditing.mlflow_reader import check_mlflow
from sweeps.auditing.runs import read_runs
from sweeps.commands.reasons import first_line
from sweeps.evidence.ranking import Leaks
from sweeps.record.home import Home
from sweeps.record.ledger import Ledger
from sweeps.record.reader import Rows
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.tracking.runs import SweepRuns

Written = tuple[Sweep, list[Trial], dict[int, list[Report]]]


def repair(home: Home, sweeps: Sequence[Looked]) -> None:
    """Rebuild what disagrees with the ledger.

    Raises:
        UserError: a launcher is at work, or MLflow does not answer.
    """
    for found in sweeps:
        if found.held is not None:
            raise UserError(
                f"sweep {found.name!r} is held by {found.held}: wait or stop it, then repair"
            )
    for found in sweeps:
        folder = folder_of(home, found.rows.sweep)
        if folder is not None:
            clean_checkpoints(folder, found.rows)
        if any(d.where == "MLflow" for d in found.disagreements):
            _rebuild(home, found.rows)


def _rebuild(home: Home, rows: Rows) -> None:
    from sweeps.showing.tracking import connect

    sweep, trials, reports = _read(home, rows.sweep.name)
    try:
        client = connect(home.tracking_uri)
        # First add what the existing runs lack. Then replace the runs that still disagree.
        for anew in (False, True):
            found = check_mlflow(
                rows, read_runs(home.tracking_uri, rows.sweep, home.mlflow_files), held=False
            )
            wrong = {disagreement.trial_id for disagreement in found}
            if not wrong:
                return
            runs = SweepRuns(client, sweep, home.mlflow_files)
            for trial in trials:
                if trial.trial_id in wrong:
                    if anew:
                        runs.supersede(trial.trial_id)
                    runs.mirror(sweep, trial, reports[trial.id], complete=True)
            state = "killed" if sweep.finished is None else "complete"
            runs.mirror_sweep(sweep, trials, state, _leaks(reports))
            runs.kill_open()
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  whatever MLflow raises when it cannot
        raise UserError(f"MLflow could not be rebuilt: {first_line(error)}") from None


def _leaks(reports: dict[int, list[Report]]) -> Leaks:
    leaks = Leaks()
    for trial_row, told in reports.items():
        for report in told:
            leaks.hear(trial_row, report.step, report.metrics)
    return leaks


def _read(home: Home, name: str) -> Written:
    ledger = Ledger(home.ledger_url)
    try:
        sweep = ledger.find_sweep(name)
        assert sweep is not None
        trials = ledger.trials(sweep)
        return sweep, trials, ledger.reports(trials)
    finally:
        ledger.close()
