"""MLflow broken in every way the law names: seen, and rebuilt from the ledger."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sweeps.audit import main
from sweeps.record.reader import Disagreement
from sweeps.showing.tracking.writing import Writer
from tests.sweeps import audited_home as of
from tests.sweeps.audited_home import (  # noqa: F401  fixtures
    blank_home,
    finished_home,
    home,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

ZERO = (
    "(select run_uuid from tags join runs using (run_uuid) where key = 'focus.trial_id' and "
    "value = '{trial_id}' and lifecycle_stage = 'active')"
)
PARENT = "(select run_uuid from tags where key = 'focus.kind' and value = 'sweep')"
SCORE, BEST = "validation_accuracy", "best_validation_accuracy"
FAULTS = {
    "says running": ("update runs set status = 'RUNNING' where run_uuid = {zero}", "RUNNING"),
    "another state": (
        "update tags set value = 'pruned' where key = 'state' and run_uuid = {zero}",
        "its run says pruned",
    ),
    "deleted": ("update runs set lifecycle_stage = 'deleted' where run_uuid = {zero}", "0 runs"),
    "a ghost": (
        "update tags set value = '0123456789ab' where key = 'focus.trial_id' and run_uuid = {zero}",
        "1 run without a row",
    ),
    "an orphan": (
        "delete from tags where key = 'mlflow.parentRunId' and run_uuid = {zero}",
        "under no sweep's run",
    ),
    "another final value": (
        "update latest_metrics set value = 9 where key = '{SCORE}' and run_uuid = {zero}",
        "final value 9",
    ),
    "another test value": (
        "update latest_metrics set value = 9 where key = 'test_accuracy' and run_uuid = {zero}",
        "test 9",
    ),
    "another curve": (
        "update metrics set value = 9 where key = '{SCORE}' and step = 2 and run_uuid = {zero}",
        "step 2: value 9",
    ),
    "a point is lost": (
        "delete from metrics where step = 4 and run_uuid = {zero}",
        "2 points",
    ),
    "a point is doubled": (
        "insert into metrics (key, value, timestamp, step, run_uuid, is_nan) "
        "select key, value, timestamp + 1, step, run_uuid, is_nan from metrics "
        "where key = '{SCORE}' and step = 4 and run_uuid = {zero}",
        "value twice at steps [4]",
    ),
    "a point too many": (
        "update metrics set step = 5 where key = '{SCORE}' and step = 4 and run_uuid = {zero}",
        "values at steps [5]",
    ),
    "another last step": (
        "update latest_metrics set value = 4 where key = 'trial/step' and run_uuid = {zero}",
        "last step 4",
    ),
    "the sweep's run is open": (
        f"update runs set status = 'RUNNING' where run_uuid = {PARENT}",
        "the sweep's run is RUNNING",
    ),
    "another count": (
        f"update latest_metrics set value = 5 where key = 'trials/failed' and run_uuid = {PARENT}",
        "trials/failed is 5",
    ),
    "another best value": (
        f"update latest_metrics set value = 5 where key = '{BEST}' and run_uuid = {PARENT}",
        "best_validation_accuracy is 5",
    ),
    "no best value": (
        f"delete from latest_metrics where key = '{BEST}' and run_uuid = {PARENT}",
        "best_validation_accuracy is none",
    ),
    "no parent": (
        f"update runs set lifecycle_stage = 'deleted' where run_uuid = {PARENT}",
        "0 runs of the sweep",
    ),
}


def in_mlflow(home: Path) -> list[tuple[int | None, str]]:  # noqa: F811
    return [(number, what) for number, where, what in of.findings(home) if where == "MLflow"]


def content(home: Path) -> dict[str, list[Any]]:  # noqa: F811
    """Everything that MLflow holds."""
    tables = ("runs", "tags", "params", "metrics", "latest_metrics")
    return {
        name: sorted(of.sql(home, "mlflow", f"select * from {name}"), key=repr) for name in tables
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_mlflow_is_seen_and_rebuilt(
    home: Path,  # noqa: F811
    fault: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    query, said = FAULTS[fault]
    trial_id = of.sql(home, "ledger", "select trial_id from trials where number = 0")[0][0]
    ledger_before = (home / "ledger.db").read_bytes()
    assert in_mlflow(home) == []  # negative control
    of.sql(home, "mlflow", query.format(SCORE=SCORE, zero=ZERO.format(trial_id=trial_id)))
    assert said in " ".join(what for _, what in in_mlflow(home))

    assert main(["--home", str(home), "--repair"]) == 0, capsys.readouterr().out
    once = content(home)
    assert main(["--home", str(home), "--repair"]) == 0
    assert content(home) == once
    assert (home / "ledger.db").read_bytes() == ledger_before


def test_two_runs_of_a_trial_are_seen_and_made_one(
    blank_home: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Code that forgets which runs there are."""
    create = Writer.create

    def twice(
        self: Writer, experiment: str, name: str, tags: dict[str, str], start: datetime | None
    ) -> Any:
        if tags.get("focus.kind") == "trial":
            create(self, experiment, name, tags, start)
        return create(self, experiment, name, tags, start)

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "create", twice)
        of.drive(blank_home)
    assert in_mlflow(blank_home) == [(number, "2 runs") for number in range(of.TRIALS)]
    assert main(["--home", str(blank_home), "--repair"]) == 0


def test_a_run_left_open_is_seen(blank_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Code that never says how a trial ended."""
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "set_status", lambda *_: None)
        of.drive(blank_home)
    said = dict(in_mlflow(blank_home))
    assert said[0] == "its run says killed, RUNNING"
    assert said[None] == "the sweep's run is RUNNING"
    assert main(["--home", str(blank_home), "--repair"]) == 0


def test_a_server_is_asked_for_no_curve(home: Path) -> None:  # noqa: F811
    """The same client, whatever is behind it; a call for each run is made for a file alone."""
    from sweeps.auditing import runs as audit_runs
    from sweeps.auditing.mlflow_reader import check_mlflow
    from sweeps.record.home import find_home
    from sweeps.record.reader import read_sweeps
    from sweeps.record.reading import reading
    from sweeps.showing.tracking.clients import connect_to_read

    client = connect_to_read(f"sqlite:///{home / 'mlflow.db'}")
    with reading(find_home(str(home))) as connection:
        (rows,) = read_sweeps(connection, None)

    def found(*, curves: bool) -> list[Disagreement]:
        runs = audit_runs._read(client, rows.sweep, None, curves=curves)
        return check_mlflow(rows, runs, held=False)

    assert found(curves=False) == found(curves=True) == []
    of.sql(home, "mlflow", f"update metrics set value = 9 where key = '{SCORE}'")
    assert found(curves=False) == []
    assert len(found(curves=True)) > 0
    of.sql(home, "mlflow", f"update runs set status = 'RUNNING' where run_uuid != {PARENT}")
    assert len(found(curves=False)) == of.TRIALS


def test_the_audit_cannot_change_mlflows_database(home: Path) -> None:  # noqa: F811
    from mlflow.exceptions import MlflowException

    from sweeps.showing.tracking import connect
    from sweeps.showing.tracking.clients import connect_to_read

    uri = f"sqlite:///{home / 'mlflow.db'}"
    with pytest.raises(MlflowException, match="readonly database"):
        connect_to_read(uri).create_experiment("another")
    assert connect(uri).create_experiment("another")  # negative control


def test_a_server_that_does_not_answer_is_told(
    home: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://user:secret@127.0.0.1:{port}")
    assert main(["--home", str(home)]) == 2
    said = capsys.readouterr().err
    assert "cannot ask MLflow" in said
    assert "secret" not in said
    assert said.count("\n") == 1


def test_the_audit_keeps_no_file_of_a_home_open(home: Path) -> None:  # noqa: F811
    """A disk with an open file cannot be unmounted."""

    def opened() -> list[str]:
        found = []
        for name in os.listdir("/proc/self/fd"):
            with suppress(FileNotFoundError):  # the listing's own
                found.append(os.readlink(f"/proc/self/fd/{name}"))
        return [link for link in found if link.startswith(str(home.resolve()))]

    assert main(["--home", str(home)]) == 0
    assert opened() == []
    with (home / "ledger.db").open():
        assert len(opened()) == 1  # control
