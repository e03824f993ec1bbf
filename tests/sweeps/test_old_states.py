"""Old states under a new or another ledger, and reports that do not add up: never a result."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sweeps import audit, launch
from sweeps.record import ledger
from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.record.home import find_home
from sweeps.record.ledger import Ledger
from sweeps.workers import checkpoints, trained_network
from sweeps.workers.checkpoints import file_name
from tests.sweeps.conftest import HERE, add_sweep, by_bin, make_driver, train
from tests.sweeps.local_launches import TINY, changed, rows
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures
from tests.sweeps.test_launches import launched, other_code

STATE = file_name([0])
Moves = Callable[[Path, pytest.MonkeyPatch], Path]


def assert_trained_here(database: Path, *, said: str | None = None) -> None:
    """Every trial complete, with every report, and none from a state of another."""
    _, trials, steps = rows(database)
    assert [(t.state, t.step) for t in trials] == [("complete", 4)] * 2
    assert list(steps.values()) == [[2, 4]] * 2
    for trial in trials:
        assert (trial.note is None) if said is None else (said in (trial.note or ""))


def states(home: Path) -> list[Path]:
    return sorted((home / "checkpoints/nfft_bins").glob(f"*/{STATE}"))


def elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOCUS_LEDGER_URL", f"sqlite:///{home / 'other.db'}")
    return home / "other.db"


def deleted(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in home.glob("ledger.db*"):
        path.unlink()
    return home / "ledger.db"


@pytest.mark.parametrize("moves", [elsewhere, deleted], ids=["elsewhere", "deleted"])
@pytest.mark.parametrize("code", ["0therc0de", "c0de"], ids=["edited", "unedited"])
def test_old_states_under_another_ledger_are_not_read(
    mlflow: Mlflow, capsys: pytest.CaptureFixture[str], code: str, moves: Moves
) -> None:
    home = mlflow.folder
    with other_code(code):
        assert launched(home) == 0
    assert_trained_here(home / "ledger.db")
    capsys.readouterr()
    with other_code("c0de"), pytest.MonkeyPatch.context() as patch:
        database = moves(home, patch)
        assert launched(home) == 0
    said = "another sweep" if code == "c0de" else "another focus_core"
    assert_trained_here(database, said=said)
    assert capsys.readouterr().out.count("it starts over") == 2


@pytest.mark.parametrize("checked", ["reports", "nothing"])
def test_without_the_check_old_states_are_taken_for_results(
    tmp_path: Path, mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch, checked: str
) -> None:
    """Negative control: and with it gone, trials without their reports still do not pass."""
    assert launched(tmp_path) == 0
    database = deleted(tmp_path, monkeypatch)
    monkeypatch.setattr(checkpoints, "_check_owner", lambda *_: None)
    monkeypatch.setattr(checkpoints.TrialCheckpoints, "_check_reported", lambda *_: None)
    if checked == "nothing":
        monkeypatch.setattr(ledger, "lacking", lambda *_: None)
    code = launched(tmp_path)
    _, trials, steps = rows(database)
    assert list(steps.values()) == [[4]] * 2  # "trained" in no time
    if checked == "nothing":
        assert (code, {t.state for t in trials}) == (0, {"complete"})
        assert audit.main(["--home", str(tmp_path)]) == 1
    else:
        assert (code, {t.state for t in trials}) == (1, {"failed"})
        assert "reported nothing of step 2 of 4: --retry-failed" in (trials[0].reason or "")


@pytest.mark.parametrize("word", ["--rerun", "--retry-failed"])
def test_an_earlier_start_is_not_gone_on_from_though_nobody_cleared_its_folder(
    tmp_path: Path, mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """As on a cluster whose nodes keep checkpoints where the driver cannot reach them."""
    assert launched(tmp_path) == 0
    if word == "--retry-failed":
        with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as opened:
            for trial in rows(tmp_path / "ledger.db")[1]:
                opened.set_state(trial, "failed", reason="a test")
    monkeypatch.setattr(SweepFolder, "forget", lambda *_: None)
    assert launched(tmp_path, word) == 0
    assert_trained_here(tmp_path / "ledger.db", said="an earlier start of this trial")


def test_a_ledger_older_than_a_state_has_every_report_again(tmp_path: Path, mlflow: Mlflow) -> None:
    """As after a power cut, or a ledger put back from a copy: the state is ahead of it."""
    assert launched(tmp_path, "--time-budget", "0.001s") == 75
    assert launched(tmp_path) == 0
    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as opened, opened.writing() as s:
        for table in ("reports", "replicates"):
            s.connection().exec_driver_sql(f"delete from {table}")
        s.connection().exec_driver_sql("update trials set state = 'killed', step = 0, reason = 'x'")
        s.connection().exec_driver_sql("update sweeps set finished = null")
    assert launched(tmp_path) == 0
    assert_trained_here(tmp_path / "ledger.db", said="is ahead of the ledger, which ends at step 0")
    assert audit.main(["--home", str(tmp_path)]) == 0


def test_seeds_added_later_keep_the_states_of_the_first(tmp_path: Path, mlflow: Mlflow) -> None:
    assert launched(tmp_path) == 0
    before = [path.read_bytes() for path in states(tmp_path)]
    three_seeds = changed(TINY, {"--seeds": "3"})
    assert launch.main([*three_seeds, "--home", str(tmp_path)]) == 0
    assert [path.read_bytes() for path in states(tmp_path)] == before
    assert_trained_here(tmp_path / "ledger.db")
    assert audit.main(["--home", str(tmp_path)]) == 0
    trial = rows(tmp_path / "ledger.db")[1][0].trial_id
    home = find_home(str(tmp_path))
    found = [trained_network.find_trained(home, trial, seed) for seed in range(3)]
    assert [each.seed for each in found] == [0, 1, 2]
    assert all(each.build() for each in found)


@pytest.mark.parametrize("how", ["damaged", "another's", "a folder"])
def test_the_audit_sees_damaged_checkpoints_of_complete_trials_and_repairs(
    tmp_path: Path, mlflow: Mlflow, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    assert launched(tmp_path) == 0
    first, second = states(tmp_path)
    if how == "another's":
        shutil.copy(second, first)
    else:
        content = bytearray(first.read_bytes())
        content[len(content) // 2] ^= 1
        first.unlink()
        first.mkdir() if how == "a folder" else first.write_bytes(content)
    capsys.readouterr()
    assert audit.main(["--home", str(tmp_path)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "1 disagreement" in said
    for name in (first.parent.name, second.parent.name):
        home = find_home(str(tmp_path))
        if name == second.parent.name:
            assert trained_network.find_trained(home, name, 0)
        else:
            with pytest.raises(ValueError, match=r"the checkpoint .* is .*: train the trial again"):
                trained_network.find_trained(home, name, 0)
    assert audit.main(["--home", str(tmp_path), "--repair"]) == 0
    assert states(tmp_path) == [second]


def test_a_worker_that_ends_without_its_reports_has_not_finished(ledger: Ledger) -> None:
    driver = make_driver(ledger, add_sweep(ledger))
    for reported in ([], [2.0], [4.0], [2.0, 4.0]):
        assignment = driver.next_trial()
        assert assignment is not None
        driver.began(assignment.trial_id, HERE)
        for step in reported:
            report = {"step": step, **{f"value/{seed}": 0.5 for seed in assignment.seeds}}
            if step == 4:
                report |= {f"test/{seed}": 0.5 for seed in assignment.seeds}
            driver.report(assignment.trial_id, report)
        driver.finished(assignment.trial_id)
    states = [(t.state, t.reason and t.reason[:44]) for t in driver.trials.values()]
    assert states == [
        ("failed", "its worker ended but reported nothing of step 2"[:44]),
        ("failed", "its worker ended but reported nothing of step 4"[:44]),
        ("failed", "its worker ended but reported nothing of step 2"[:44]),
        ("complete", None),
    ]
    again = make_driver(ledger, driver.sweep, retry_failed=True)
    assert len(train(again, by_bin)) == 5
    assert {t.state for t in again.trials.values()} == {"complete"}
    tokens = {t.trial_id: t.token for t in driver.trials.values()}
    kept = [t.number for t in again.trials.values() if tokens.get(t.trial_id) == t.token]
    assert kept == [3]  # those tried again are not gone on from
