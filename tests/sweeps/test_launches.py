"""What changed between two launches: said, recorded, and refused where ids would lie."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sweeps import launch
from sweeps.commands.redact import hide_secrets
from sweeps.provenance import code_identity, launch_origin
from sweeps.record.launches import SILENT, begin_launch, end_launch, launches
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Launch, Sweep
from tests.sweeps.conftest import add_sweep
from tests.sweeps.local_launches import TINY, assert_one_line, rows, run_here
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

FOUND: dict[str, Any] = {"command": "c", "code": "c0de", "versions": {"torch": "1"}}


def launched(home: Path, *words: str) -> int:
    return launch.main([*TINY, *words, "--home", str(home)])


def recorded(home: Path) -> tuple[Sweep, list[Launch]]:
    sweep = rows(home / "ledger.db")[0]
    with closing(Ledger(f"sqlite:///{home / 'ledger.db'}")) as ledger:
        return sweep, launches(ledger, sweep)


@contextmanager
def other_code(code: str) -> Iterator[None]:
    """As if focus_core's sources were others, and imported so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch_origin, "code_hash", lambda: code)
        patch.setattr(code_identity, "_hash", lambda *_: code)
        yield


def break_off(home: Path) -> None:
    """As a launcher leaves it that is killed while its last trial runs."""
    with closing(sqlite3.connect(home / "ledger.db")) as ledger, ledger:
        ledger.execute("update sweeps set finished = null")
        ledger.execute("update trials set state = 'running' where number = 1")
        ledger.execute("update replicates set state = 'running' where trial_row = 2")
        ledger.execute("delete from reports where trial_row = 2 and step = 4")


def test_every_launch_is_a_row_closed_at_its_end(tmp_path: Path, mlflow: Mlflow) -> None:
    assert launched(tmp_path) == 0
    assert launched(tmp_path) == 0
    sweep, found = recorded(tmp_path)
    assert [(row.exit_code, row.reason) for row in found] == [(0, "done")] * 2
    for row in found:
        assert row.ended is not None
        assert row.ended >= row.at
        assert (row.code, row.versions) == (sweep.code, launch_origin.versions())
        assert row.command.startswith("python sweeps/launch.py --space nfft_bins")
        assert row.hardware["cpus"] >= 1


def test_a_launch_that_could_not_say_how_it_ended_is_closed_by_the_next(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    begin_launch(ledger, sweep, FOUND)
    second = begin_launch(ledger, sweep, FOUND)
    end_launch(ledger, second, 143, "stopped by SIGTERM")
    found = launches(ledger, sweep)
    assert [(row.exit_code, row.reason) for row in found] == [
        (None, SILENT),
        (143, "stopped by SIGTERM"),
    ]
    assert found[0].ended is None  # nobody knows when


def test_another_name_does_not_go_on_from_the_checkpoints_of_other_code(
    tmp_path: Path, mlflow: Mlflow
) -> None:
    """The same trial ids in the same home."""
    assert launched(tmp_path) == 0
    with other_code("0therc0de"):
        assert launched(tmp_path, "--name", "again") == 0
    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:
        sweep = ledger.find_sweep("again")
        assert sweep is not None
        trials = ledger.trials(sweep)
        assert [t.reused_from for t in trials] == [None, None]
        for found in ledger.reports(trials).values():
            assert [report.step for report in found] == [2, 4]


def test_other_versions_are_said_in_one_line_and_recorded(
    tmp_path: Path, mlflow: Mlflow, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launched(tmp_path) == 0
    break_off(tmp_path)
    capsys.readouterr()
    newer = {**launch_origin.versions(), "torch": "99.0"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch_origin, "versions", lambda: newer)
        assert launched(tmp_path) == 0
    assert_one_line(
        capsys.readouterr().err, "warning", f"torch {launch_origin.versions()['torch']}"
    )
    sweep, found = recorded(tmp_path)
    assert sweep.versions == found[0].versions == launch_origin.versions()
    assert found[1].versions == newer


def test_what_a_sweep_writes_only_its_user_can_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = os.umask(0o022)
    os.umask(before)
    assert launched(home) == 0
    assert os.umask(before) == before  # put back
    wrong = {
        str(path.relative_to(tmp_path)): oct(mode)
        for path in [home, *home.rglob("*")]
        if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077
    }
    assert wrong == {}
    assert {"ledger.db", "mlflow.db", "checkpoints"} <= {path.name for path in home.iterdir()}


ADDRESSES = [
    "http://somebody:secret-word@127.0.0.1:9",
    "http://secret-word@127.0.0.1:9",
    "http://somebody:p@ss/secret-word@127.0.0.1:9",
    "postgresql+psycopg://somebody:secret-word@127.0.0.1:9/db?application_name=x",
    "http://127.0.0.1:9/?page=2&access_token=secret-word",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_any_text_is_shown_without_its_secret(address: str) -> None:
    shown = hide_secrets(f"cannot reach {address}, then {address!r}; nothing else")
    assert "secret-word" not in shown
    assert shown.count("127.0.0.1:9") == 2
    assert shown.endswith("; nothing else")
    assert launch_origin.command_line([f"--tracking-uri={address}"]).count("secret-word") == 0


@pytest.mark.parametrize("address", [ADDRESSES[2], ADDRESSES[4]])
def test_a_tracking_uri_with_a_secret_is_shown_and_kept_without(
    tmp_path: Path, address: str
) -> None:
    code, said, complained = run_here(tmp_path, [*TINY, "--tracking-uri", address])
    assert "secret-word" not in said + complained
    if code == 0:  # otherwise it was no address that can be used
        assert "***" in recorded(tmp_path)[0].command
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"secret-word" not in path.read_bytes()


@pytest.mark.parametrize(
    "url", ["postgresql+nothing://u:secret-word@127.0.0.1:9/db", "nothing://u:secret-word@h/db"]
)
def test_a_ledger_address_that_cannot_be_opened_is_refused_without_its_secret(
    tmp_path: Path, url: str
) -> None:
    code, said, complained = run_here(tmp_path, TINY, FOCUS_LEDGER_URL=url)
    assert code == 2
    assert "secret-word" not in said + complained
    assert complained.count("\n") == 1


def test_text_without_secrets_is_left_as_it_is() -> None:
    """Negative control."""
    for text in ("sqlite:////home/a@b/ledger.db", "http://host/x?page=2", "a@b", "--set k=v"):
        assert hide_secrets(text) == text
