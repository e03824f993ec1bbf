"""PostgreSQL as ledger and as MLflow's database: a sweep, two at once, kills and stops."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from analysis import report
from sweeps.record.lease import hold
from sweeps.record.lease_reader import LeaseReader
from sweeps.record.ledger import Ledger
from sweeps.record.schema import SCHEMA_VERSION, Base, Report, SchemaInfo, Trial
from tests.sweeps.conftest import add_sweep
from tests.sweeps.local_launches import MIDDLE, ROOT, TINY, launched, run
from tests.sweeps.postgres_server import Postgres, postgres  # noqa: F401  a fixture

Places = dict[str, str]
OPENS = "import sys; from sweeps.record.ledger import Ledger; Ledger(sys.argv[1]).close()"


@pytest.fixture
def places(
    postgres: Postgres,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Places:
    """The variables that name two new databases, set in this process too."""
    found = {"FOCUS_LEDGER_URL": postgres.new(), "MLFLOW_TRACKING_URI": postgres.new()}
    for variable, value in found.items():
        monkeypatch.setenv(variable, value)
    return found


def rows(places: Places) -> list[Trial]:
    with closing(Ledger(places["FOCUS_LEDGER_URL"])) as ledger:
        sweep = ledger.find_sweep("nfft_bins")
        assert sweep is not None
        return ledger.trials(sweep)


def number_of_reports(places: Places) -> int:
    engine = sa.create_engine(places["FOCUS_LEDGER_URL"])
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table("reports"):
                return 0
            return connection.scalar(sa.select(sa.func.count(Report.id))) or 0
    finally:
        engine.dispose()


def wait_until(true: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_clean(home: Path) -> None:
    """The audit of ledger, MLflow and checkpoints, in a process of its own as every launch here."""
    words = [sys.executable, "sweeps/audit.py", "--home", str(home)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert done.stdout.startswith("nothing disagrees: 2 trials (2 complete)")


@pytest.mark.slow
def test_a_sweep_is_kept_audited_reported_and_goes_on(places: Places, tmp_path: Path) -> None:
    assert run(tmp_path, TINY)[0] == 0
    before = [(row.trial_id, row.value, row.finished) for row in rows(places)]
    assert [row.state for row in rows(places)] == ["complete", "complete"]
    assert run(tmp_path, TINY)[0] == 0  # the same command again trains nothing
    assert [(row.trial_id, row.value, row.finished) for row in rows(places)] == before
    is_clean(tmp_path)
    assert report.main(["--home", str(tmp_path)]) == 0
    assert (tmp_path / "reports" / "nfft_bins" / "index.html").is_file()
    assert not list(tmp_path.glob("*.db"))


def test_two_that_open_an_older_ledger_at_once_bring_it_forward_once(places: Places) -> None:
    """The second waits for the first. Negative control: the column really was missing."""
    url = places["FOCUS_LEDGER_URL"]
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(SchemaInfo).values(version=3))
        connection.execute(sa.text("ALTER TABLE sweeps DROP COLUMN given"))
    assert "given" not in {column["name"] for column in sa.inspect(engine).get_columns("sweeps")}
    both = [subprocess.Popen([sys.executable, "-c", OPENS, url], cwd=ROOT) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    with engine.connect() as connection:
        assert connection.scalars(sa.select(SchemaInfo.version)).all() == [SCHEMA_VERSION]
    assert "given" in {column["name"] for column in sa.inspect(engine).get_columns("sweeps")}
    engine.dispose()


def test_two_that_make_the_tables_at_once_make_one_ledger(places: Places) -> None:
    url = places["FOCUS_LEDGER_URL"]
    both = [subprocess.Popen([sys.executable, "-c", OPENS, url], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in both] == [0, 0, 0]
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert connection.scalars(sa.select(SchemaInfo.version)).all() == [SCHEMA_VERSION]
    engine.dispose()


def test_a_lease_is_ours_until_it_is_nobodys(
    postgres: Postgres,  # noqa: F811
    places: Places,
) -> None:
    url = places["FOCUS_LEDGER_URL"]
    with closing(Ledger(url)) as ledger:
        sweep = add_sweep(ledger)
        with hold(ledger, sweep):
            assert ledger.held is not None
            reader = LeaseReader(url, ledger.held)
            others = LeaseReader(url, ledger.held._replace(token="another"))
            assert reader.is_ours()
            assert not others.is_ours()
        assert not reader.is_ours()
    postgres.crash()
    try:
        assert reader.is_ours()  # nobody is known to have taken over
    finally:
        postgres.start()
    assert not reader.is_ours()
    for each in (reader, others):
        each._engine.dispose()


@pytest.mark.slow
def test_a_launcher_that_is_killed_leaves_nothing_that_the_next_cannot_use(
    places: Places, tmp_path: Path
) -> None:
    with launched(tmp_path, MIDDLE) as process:
        wait_until(lambda: number_of_reports(places) > 3)
        process.kill()
    code, _, complained = run(tmp_path, MIDDLE)
    assert (code, complained) == (0, "")
    assert [row.state for row in rows(places)] == ["complete", "complete"]
    assert [[r.seed for r in row.replicates] for row in rows(places)] == [[0], [0]]
    is_clean(tmp_path)


@pytest.mark.slow
def test_a_server_that_crashes_ends_the_launch_and_loses_nothing(
    postgres: Postgres,  # noqa: F811
    places: Places,
    tmp_path: Path,
) -> None:
    with launched(tmp_path, MIDDLE) as process:
        wait_until(lambda: number_of_reports(places) > 3)
        postgres.crash()
        try:
            _, complained = process.communicate(timeout=90)
        finally:
            postgres.start()
    assert process.returncode == 1
    assert complained.count("\n") == 1
    assert "the ledger postgresql+psycopg://***@127.0.0.1" in complained
    assert complained.endswith("then the same command goes on\n")
    assert run(tmp_path, MIDDLE)[0] == 0
    assert [row.state for row in rows(places)] == ["complete", "complete"]
    is_clean(tmp_path)


@pytest.mark.slow
def test_a_second_launcher_is_refused(places: Places, tmp_path: Path) -> None:
    with launched(tmp_path, MIDDLE):
        wait_until(lambda: number_of_reports(places) > 0)
        code, _, complained = run(tmp_path, MIDDLE)
    assert code == 2
    assert "sweep 'nfft_bins' is held by pid " in complained
