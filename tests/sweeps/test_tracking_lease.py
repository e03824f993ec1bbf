"""A launcher that another one replaced writes nothing more to MLflow: its runs are the other's."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from sweeps.record.errors import LeaseLostError
from sweeps.record.lease import hold
from sweeps.record.ledger import Ledger
from tests.sweeps import audited_home as of
from tests.sweeps.listener_rows import make_report, make_sweep, make_trial
from tests.sweeps.local_launches import wait_until
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures


def content(mlflow: Mlflow) -> list[list[Any]]:
    return [sorted(mlflow.sql(f"select * from {t}"), key=repr) for t in ("runs", "tags", "metrics")]


def is_written(mlflow: Mlflow) -> bool:
    return len(mlflow.run_ids()) == 1 and bool(mlflow.points(mlflow.run_id()))


@pytest.mark.parametrize("taken", [True, False])
def test_nothing_is_written_once_the_lease_is_lost(
    mlflow: Mlflow, tmp_path: Path, taken: bool
) -> None:
    """Negative control: with the lease still held, the same is written."""
    sweep, trial = make_sweep(), make_trial(0)
    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:
        _, _, row = of.add_sweep(ledger)
        tracker = mlflow.tracker(may_write=ledger.is_ours)
        with hold(ledger, row):
            tracker.sweep_started(sweep, [], {})
            tracker.trial_started(sweep, trial)
            tracker.reported(sweep, trial, make_report(trial, 50))
            wait_until(lambda: is_written(mlflow), "the first report is there")
            assert ledger.is_ours()
            if taken:
                of.sql(tmp_path, "ledger", "update leases set token = 'theirs'")
                assert not ledger.is_ours()
                tracker._thread.join(10)
                assert not tracker._thread.is_alive()
            before = content(mlflow)
            tracker.reported(sweep, trial, make_report(trial, 100))
            tracker.sweep_ended(sweep, [trial])
            summary = tracker.close()
        assert (content(mlflow) == before) is taken
        assert summary.dropped == int(taken)
        assert isinstance(ledger.failure, LeaseLostError) is taken


def test_a_ledger_that_fails_otherwise_is_still_ours(tmp_path: Path) -> None:
    """MLflow is then closed as usual: nobody else does."""

    def broken(connection: Connection) -> None:
        connection.exec_driver_sql("update leases set x")

    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:
        with ledger.engine.begin() as connection:
            connection.exec_driver_sql("drop table leases")
        _, _, row = of.add_sweep(ledger)
        ledger.fence = broken
        assert ledger.is_ours()
        assert ledger.failure is not None
        assert row.id
