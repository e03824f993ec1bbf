"""Make MLflow and the checkpoint folder agree with the ledger again; the ledger is only read.

Done twice, it is as if done once: what agrees is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from focus_core.errors import UserError
from sweeps.auditing.checkpoints import clean_checkpoints
from sweeps.auditing.home import Home, Looked
from sweeps.auditing.mlflow_reader import RunRow, check_mlflow
from sweeps.auditing.rows import Rows
from sweeps.auditing.runs import read_runs
from sweeps.ledger import Ledger
from sweeps.schema import Report, Sweep, Trial
from sweeps.tracking.moves import follow_home
from sweeps.tracking.runs import SweepRuns

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
        clean_checkpoints(home.checkpoints(found.rows.sweep), found.rows)
        if any(d.where == "MLflow" for d in found.disagreements):
            _rebuild(home, found.rows)


def _rebuild(home: Home, rows: Rows) -> None:
    from sweeps.tracking import connect

    written = _read(home, rows.sweep.name)
    try:
        client = connect(home.tracking_uri)
        follow_home(home.tracking_uri, home.folder / "artifacts")
        # First what can be added to the runs there are; then whoever still disagrees anew.
        for anew in (False, True):
            runs = read_runs(home.tracking_uri, rows.sweep)
            wrong = {d.trial_id for d in check_mlflow(rows, runs, held=False)}
            _delete(client, _superfluous(rows, runs, wrong, anew=anew))
            _mirror(home, client, written, wrong)
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  whatever MLflow raises when it cannot
        said = (str(error).strip() or "no message").splitlines()[0]
        raise UserError(f"MLflow could not be rebuilt: {said[:200]}") from None


def _read(home: Home, name: str) -> Written:
    ledger = Ledger(home.ledger_url)
    try:
        sweep = ledger.find_sweep(name)
        assert sweep is not None
        trials = ledger.trials(sweep)
        return sweep, trials, ledger.reports(trials)
    finally:
        ledger.close()


def _superfluous(
    rows: Rows, runs: Sequence[RunRow], wrong: set[str], *, anew: bool
) -> Iterable[RunRow]:
    """Ghosts, doubles (all: which is right is unknown), and with ``anew`` all that is wrong."""
    known = {trial.trial_id for trial in rows.trials}
    parents = [run for run in runs if run.is_parent]
    yield from parents[1:]
    for run in runs:
        if not run.is_parent:
            doubled = sum(other.trial_id == run.trial_id for other in runs) > 1
            if run.trial_id not in known or doubled or (anew and run.trial_id in wrong):
                yield run


def _delete(client: Any, runs: Iterable[RunRow]) -> None:
    for run in runs:
        client.delete_run(run.id)


def _mirror(home: Home, client: Any, written: Written, wrong: set[str]) -> None:
    sweep, trials, reports = written
    if not wrong:
        return
    artifacts = None
    if not home.tracking_uri.startswith(("http:", "https:")):
        artifacts = home.folder / "artifacts"
    runs = SweepRuns(client, sweep, artifacts)
    for trial in trials:
        if trial.trial_id in wrong:
            runs.mirror(sweep, trial, reports[trial.id], complete=True)
    runs.mirror_sweep(sweep, trials, "killed" if sweep.finished is None else "complete")
    runs.kill_open()
