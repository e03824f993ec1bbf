"""Winner and reference are trained once more, on seeds that no trial of the sweep has seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.findings import Findings
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from sweeps import audit
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Asked, Sweep
from sweeps.record.seeds import Seeds
from tests.sweeps.confirmed_home import (  # noqa: F401  fixtures
    CONFIRM,
    NAME,
    REFERENCE,
    WINNER,
    home,
    launched,
    replicates,
    trained_home,
)
from tests.sweeps.conftest import GRID, add_sweep, by_bin, make_driver, train
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture


def refused(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> str:  # noqa: F811
    capsys.readouterr()
    assert launched(home, *words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_a_confirmation_is_trained_once_and_the_report_finds_it(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = replicates(home, NAME)
    assert study(read_sweep(home, None)).confirmation is None
    assert launched(home, "--confirm", "3") == 0
    first = replicates(home, CONFIRM)
    assert [(seed, state) for _, seed, state, *_ in first] == [
        (seed, "complete") for _ in range(2) for seed in (1000, 1001, 1002)
    ]
    assert launched(home, "--confirm", "3") == 0
    assert replicates(home, CONFIRM) == first
    assert launched(home, "--confirm", "4") == 0  # more simply adds
    more = replicates(home, CONFIRM)
    assert [row for row in more if row[1] != 1003] == first
    assert len(more) == 8
    assert "use --confirm 4 or more" in refused(capsys, home, "--confirm", "2")
    assert replicates(home, NAME) == before
    assert audit.main(["--home", str(home)]) == 0

    found = study(read_sweep(home, None))  # not the one touched last, but what it confirms
    assert found.about["name"] == NAME
    confirmed = found.confirmation
    assert confirmed is not None
    told = Findings(found).confirmed
    assert told is not None
    assert told.row is not None
    assert told.problem == ""
    assert confirmed.seeds == (1000, 1001, 1002, 1003)
    assert confirmed.winner.trial_id == found.trials[WINNER].trial_id
    assert confirmed.reference is not None
    assert confirmed.reference.trial_id == found.trials[REFERENCE].trial_id
    tests = {row[1]: row[4] for row in more[:4]}
    others = {row[1]: row[4] for row in more[4:]}
    assert told.row.by_seed == {seed: tests[seed] - others[seed] for seed in tests}


def test_a_dry_run_of_a_confirmation_reads_only(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = (home / "ledger.db").read_bytes()
    assert launched(home, "--confirm", "5", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "2 (fresh seeds) x 5 seeds, 1000 to 1004, x 4 steps, never pruned" in said
    assert "Does the winner, chunk_length=64" in said
    assert (home / "ledger.db").read_bytes() == before


def test_what_cannot_be_confirmed_is_refused_in_a_line(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    confirm = ("--confirm", "1")
    assert "leave out --only" in refused(capsys, home, *confirm, "--seeds", "2", "--only", "a")
    assert "first without --confirm" in refused(capsys, home, *confirm, "--seeds", "3")
    assert "first without --confirm" in refused(capsys, home, *confirm, "--sampler", "tpe")
    assert "no sweep 'other'" in refused(capsys, home, *confirm, "--name", "other")
    assert "no ledger at" in refused(capsys, home / "nowhere", *confirm)
    assert "1 or more" in refused(capsys, home, "--confirm", "0")
    with monkeypatch.context() as changed:
        changed.setattr("sweeps.launching.confirmation.trial_code", lambda _: "other")
        assert "other code cannot confirm it" in refused(capsys, home, *confirm)
    assert launched(home, *confirm, "--seeds", "2", "--trials", "4") == 0  # as it was launched
    assert f"confirms '{NAME}': name that one" in refused(capsys, home, *confirm, "--name", CONFIRM)
    assert f"confirms '{NAME}'" in refused(capsys, home, "--name", CONFIRM, "--seeds", "2")
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep(NAME)
    assert sweep is not None
    ledger.update_sweep(sweep, finished=None)
    ledger.close()
    assert "is not at its end" in refused(capsys, home, *confirm)


def test_a_winner_that_is_beaten_later_is_confirmed_no_more(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert launched(home, "--confirm", "1") == 0
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep(NAME)
    assert sweep is not None
    with ledger.writing() as session:
        beaten = session.merge(ledger.trials(sweep)[0])
        beaten.value = 0.99
    ledger.close()
    assert study(read_sweep(home, NAME)).confirmation is None
    before = replicates(home, CONFIRM)
    assert launched(home, "--confirm", "1") == 0
    assert set(before) < set(replicates(home, CONFIRM))
    assert len(replicates(home, CONFIRM)) == 3
    assert study(read_sweep(home, NAME)).confirmation is not None


def test_seeds_that_the_sweep_has_too_are_fresh_no_more(home: Path) -> None:  # noqa: F811
    """What the ledger does not forbid: the report sees it."""
    assert launched(home, "--confirm", "1") == 0
    before = Findings(study(read_sweep(home, NAME))).confirmed
    assert before is not None
    assert before.problem == ""
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep(NAME)
    assert sweep is not None
    with ledger.writing() as session:
        row = session.merge(ledger.trials(sweep)[0])
        row.replicates[0].seed = 1000
    ledger.close()
    found = Findings(study(read_sweep(home, NAME))).confirmed
    assert found is not None
    assert found.problem == "1 seed of it took part in the choice"
    assert found.row is None


def test_the_audit_knows_which_seeds_are_a_confirmations(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Negative control: with what was asked forgotten, the same replicates break the law."""
    assert launched(home, "--confirm", "1") == 0
    assert audit.main(["--home", str(home)]) == 0
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep(CONFIRM)
    assert sweep is not None
    with ledger.writing() as session:
        session.query(Asked).filter(Asked.sweep_id == sweep.id).delete()
    ledger.close()
    capsys.readouterr()
    assert audit.main(["--home", str(home), "--sweep", CONFIRM]) == 1
    assert "[1000]" in "".join(capsys.readouterr().out.split())


def test_a_confirmation_cut_short_goes_on_with_its_own_seeds(ledger: Ledger) -> None:
    sweep = add_sweep(ledger, planned=2)
    fresh = Seeds(count=2, first=1000)
    trained = train(make_driver(ledger, sweep, seeds=fresh), by_bin, at_most=1)
    driver = make_driver(ledger, sweep, seeds=fresh)
    left = driver.next_trial()  # handed out, and never heard of again
    assert left is not None
    assert left.seeds == [1000, 1001]
    trained += train(make_driver(ledger, sweep, seeds=fresh), by_bin)
    rows = ledger.trials(sweep)
    assert trained == [row.trial_id for row in rows]
    assert [[r.seed for r in row.replicates] for row in rows] == [[1000, 1001]] * 2
    assert all(row.state == "complete" and row.value is not None for row in rows)


def test_other_seeds_are_never_taken_over(ledger: Ledger) -> None:
    """A sweep takes over what another has trained, but for seeds that it does not ask for."""

    def trained(name: str, seeds: Seeds) -> list[str]:
        sweep = add_sweep(ledger, name=name, planned=1)
        return train(make_driver(ledger, sweep, GRID, seeds=seeds), by_bin)

    assert len(trained("plain", Seeds(count=2))) == 1
    assert len(trained("confirmed", Seeds(count=2, first=1000))) == 1
    assert trained("plain again", Seeds(count=2)) == []
    assert trained("confirmed again", Seeds(count=1, first=1001)) == []
    ledger_rows = [ledger.trials(s)[0] for s in _sweeps(ledger)]
    assert [[r.seed for r in row.replicates] for row in ledger_rows] == [
        *([0, 1], [1000, 1001], [0, 1], [1001]),
    ]
    assert ledger_rows[3].value == ledger_rows[1].replicates[1].value


def _sweeps(ledger: Ledger) -> list[Sweep]:
    names = ("plain", "confirmed", "plain again", "confirmed again")
    return [sweep for name in names if (sweep := ledger.find_sweep(name)) is not None]
