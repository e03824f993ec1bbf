"""A home on a network file system: it is noticed, told, and its databases need no shared memory.

Here the system's list of mounts is a file of the test; ``tests/cluster/nfs`` has a real NFS.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sweeps import audit, launch
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.machine import file_system
from sweeps.machine.file_system import network_file_system
from sweeps.record.errors import LedgerError
from sweeps.record.home import find_home
from sweeps.record.ledger import Ledger
from sweeps.record.reading import reading
from sweeps.showing.tracking.database import prepare_database
from tests.sweeps.conftest import add_sweep
from tests.sweeps.local_launches import TINY, run_here
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

Mount = Callable[..., None]


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mount:
    """Makes the system say that a folder, and what is in it, is on a file system of a type."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text("21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n")
    monkeypatch.setattr(file_system, "MOUNTS", mounts)

    def add(kind: str, folder: Path) -> None:
        shown = str(folder.resolve()).replace(" ", r"\040")
        with mounts.open("a") as lines:
            lines.write(f"42 21 0:23 / {shown} rw shared:7 - {kind} server:/export rw\n")

    return add


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "lustre", "gpfs", "cifs", "beegfs", "fuse.sshfs"])
def test_what_hosts_share_is_noticed(tmp_path: Path, mount: Mount, kind: str) -> None:
    shared = tmp_path / "a folder"
    mount(kind, shared)
    for path in (shared, shared / "home", shared / "not" / "there" / "ledger.db"):
        assert network_file_system(path) == kind
    for path in (tmp_path, tmp_path / "a folder beside"):
        assert network_file_system(path) is None


@pytest.mark.parametrize("kind", ["ext4", "xfs", "tmpfs", "overlay", "btrfs", "fuseblk"])
def test_disks_of_this_machine_are_none(tmp_path: Path, mount: Mount, kind: str) -> None:
    mount(kind, tmp_path)
    assert network_file_system(tmp_path / "home") is None


def test_the_nearest_and_latest_mount_counts(
    tmp_path: Path, mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount("nfs4", tmp_path)
    mount("ext4", tmp_path / "scratch")
    (tmp_path / "link").symlink_to(tmp_path / "scratch")
    assert network_file_system(tmp_path / "home") == "nfs4"
    assert network_file_system(tmp_path / "scratch" / "home") is None
    assert network_file_system(tmp_path / "link" / "home") is None
    mount("lustre", tmp_path)
    assert network_file_system(tmp_path / "home") == "lustre"
    monkeypatch.setattr(file_system, "MOUNTS", tmp_path / "no such file")
    assert network_file_system(tmp_path / "home") is None


def pragma(ledger: Ledger, name: str) -> object:
    with ledger.engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_a_ledger_keeps_a_rollback_journal_there(tmp_path: Path, mount: Mount) -> None:
    url = sqlite_url(tmp_path / "ledger.db")
    with closing(Ledger(url)) as here:  # a control: on a disk
        assert (pragma(here, "journal_mode"), pragma(here, "synchronous")) == ("wal", 1)
    mount("nfs4", tmp_path)
    with closing(Ledger(url)) as shared:
        assert (pragma(shared, "journal_mode"), pragma(shared, "synchronous")) == ("delete", 2)


def test_the_server_of_the_file_system_leaves_the_journal_as_it_is(
    tmp_path: Path, mount: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the host whose disk it is, the home looks like any other, yet other hosts use it."""
    url = sqlite_url(tmp_path / "ledger.db")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("sweeps.record.journal.network_file_system", lambda _: "nfs4")
        Ledger(url).close()
    with closing(Ledger(url)) as at_the_server:
        assert (pragma(at_the_server, "journal_mode"), pragma(at_the_server, "synchronous")) == (
            "delete",
            2,
        )


def test_mlflows_database_keeps_one_too(tmp_path: Path, mount: Mount, mlflow: Mlflow) -> None:
    def journal() -> str:
        prepare_database(sqlite_url(tmp_path / "mlflow.db"))
        with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
            return str(database.execute("PRAGMA journal_mode").fetchone()[0])

    assert journal() == "wal"
    mount("lustre", tmp_path)
    assert journal() == "delete"


def test_the_plan_says_so(tmp_path: Path, mount: Mount, capsys: pytest.CaptureFixture[str]) -> None:
    plan = [*TINY, "--home", str(tmp_path), "--dry-run"]
    assert launch.main(plan) == 0
    assert "network" not in capsys.readouterr().out
    mount("nfs4", tmp_path)
    assert launch.main(plan) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "network" in line]
    assert len(said) == 1, "one place, one caution"
    assert f"{tmp_path} is on a network file system (nfs4)" in said[0]
    assert "other hosts may read (audit.py without --repair" in said[0]


def test_a_sweep_there_is_whole(tmp_path: Path, mount: Mount, mlflow: Mlflow) -> None:
    mount("nfs4", tmp_path)
    assert run_here(tmp_path, TINY)[0] == 0
    assert not list(tmp_path.glob("*-wal"))
    assert audit.main(["--home", str(tmp_path)]) == 0


@pytest.mark.parametrize(("patience", "written"), [("20000", True), ("50", False)])
def test_a_reader_makes_the_driver_wait_but_not_fail(
    tmp_path: Path, mount: Mount, monkeypatch: pytest.MonkeyPatch, patience: str, written: bool
) -> None:
    """As a report on the login node does. A control: without patience, the driver does fail."""
    mount("nfs4", tmp_path)
    monkeypatch.setenv("FOCUS_BUSY_MS", patience)
    with closing(Ledger(sqlite_url(tmp_path / "ledger.db"))) as ledger:
        sweep = add_sweep(ledger)
        came: list[BaseException | None] = []

        def write() -> None:
            try:
                ledger.update_sweep(sweep, planned=7)
                came.append(None)
            except LedgerError as error:
                came.append(error)

        writer = threading.Thread(target=write)
        with reading(find_home(str(tmp_path))) as connection:
            connection.exec_driver_sql("SELECT count(*) FROM trials").scalar()
            writer.start()
            time.sleep(1)
            assert len(came) == (not written), "it waits for the reader"
        writer.join()
        assert [error is None for error in came] == [written]
