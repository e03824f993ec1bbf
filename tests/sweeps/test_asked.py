"""What was asked of a sweep is in the ledger before its first trial, and so is every change."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import search_spaces
from analysis.reading.ledger import read_sweep
from analysis.reading.plan import SaidPlan
from analysis.reading.study import Study, study
from sweeps import audit
from sweeps.launching.plan_changes import asked, asked_until_now, note_changes
from sweeps.launching.sweep_row import find_or_add
from sweeps.planning.flags import build_parser
from sweeps.planning.plan import Plan, make_plan
from sweeps.record.ledger import Ledger
from sweeps.record.plan_history import AskedAt, read_confirmations, standing
from sweeps.record.schema import Sweep, now
from tests.sweeps.confirmed_home import (  # noqa: F401  fixtures
    NAME,
    REFERENCE,
    WINNER,
    home,
    launched,
    replicates,
    trained_home,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

PROVENANCE = {"command": "python sweeps/launch.py", "code": "c0de"}


def planned(*words: str) -> Plan:
    return make_plan(build_parser().read(["--space", "order", "--home", "nowhere", *words]))


def relaunched(ledger: Ledger, plan: Plan, again: str | None = None) -> list[AskedAt]:
    sweep = find_or_add(ledger, plan, PROVENANCE)
    asked_until_now(ledger, sweep)
    sweep = ledger.update_sweep(sweep, seeds=plan.seeds, planned=plan.trials)
    note_changes(ledger, sweep, plan, more={}, again=again)
    return asked(ledger, sweep)


def test_the_plan_is_there_before_any_trial(ledger: Ledger) -> None:
    plan = planned("--hypothesis", "order 1 is best: é, 'quoted'", "--margin", "0.02")
    sweep = find_or_add(ledger, plan, PROVENANCE)
    assert ledger.trials(sweep) == []
    ((at, said),) = asked(ledger, sweep)
    assert at == sweep.created
    assert said == {
        **{"hypothesis": "order 1 is best: é, 'quoted'", "margin": 0.02, "seeds": 5},
        **{"trials": 8, "sampler": "grid", "code": "c0de"},
    }
    assert relaunched(ledger, plan) == [(at, said)]
    assert relaunched(ledger, planned()) == [(at, said)]  # the words need not be said again


def test_every_change_is_recorded_once_with_its_hour(ledger: Ledger) -> None:
    began = now()
    relaunched(ledger, planned("--hypothesis", "one"))
    relaunched(ledger, planned("--hypothesis", "two", "--seeds", "7"))
    relaunched(ledger, planned("--seeds", "7"))
    relaunched(ledger, planned("--seeds", "7"), again="--rerun")
    relaunched(ledger, planned("--seeds", "7"))
    rows = relaunched(ledger, planned("--seeds", "7", "--margin", "0.1"))
    said = [row.said for row in rows]
    assert [s["hypothesis"] for s in said] == ["one", "two", "two", "two"]
    assert [s["seeds"] for s in said] == [5, 7, 7, 7]
    assert [s.get("again") for s in said] == [None, None, "--rerun", None]
    assert standing(rows)["margin"] == 0.1
    assert sorted(row.at for row in rows) == [row.at for row in rows]
    assert began - timedelta(seconds=1) <= rows[0].at <= rows[-1].at <= now()


def test_a_ledger_older_than_the_table_is_read_and_gone_on_with(
    home: Path,  # noqa: F811
) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        database.execute("drop table asked")
        database.commit()
    assert audit.main(["--home", str(home)]) == 0
    assert study(read_sweep(home, None)).plan == SaidPlan()
    assert launched(home, "--seeds", "3", "--hypothesis", "late") == 0
    found = study(read_sweep(home, None)).plan
    assert [d.words for d in found.deviations] == [
        "3 seeds a trial, not 2",
        "the hypothesis 'late'",
    ]
    assert all(d.late for d in found.deviations)
    assert (found.hypothesis, found.hypothesis_before) == ("late", False)
    assert audit.main(["--home", str(home)]) == 0


def test_a_space_may_say_what_it_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    space = dataclasses.replace(search_spaces.load("order"), hypothesis="2 is best", margin=0.03)
    monkeypatch.setattr("sweeps.planning.question.load", lambda name: space)
    assert (planned().hypothesis, planned().margin) == ("2 is best", 0.03)
    other = planned("--hypothesis", "3 is best", "--margin", "0.1")
    assert (other.hypothesis, other.margin) == ("3 is best", 0.1)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--margin", "0"], "--margin must be above 0"),
        (["--margin", "nan"], "'nan' must be a number"),
        (["--hypothesis", " "], "must be not empty"),
        (["--only", "abc"], "--only needs --seeds"),
    ],
)
def test_words_that_say_nothing_are_refused(words: list[str], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        planned(*words)


def test_confirmations_are_found_by_what_they_confirm(ledger: Ledger) -> None:
    plan = planned()
    find_or_add(ledger, plan, PROVENANCE)
    fresh = dataclasses.replace(plan, name="order-confirm", confirms="order", first_seed=1000)
    sweep = find_or_add(ledger, fresh, PROVENANCE)
    with ledger.reading() as session:
        assert read_confirmations(session.connection()) == {"order": sweep.id}
    find_or_add(ledger, planned("--name", "plain-confirm"), PROVENANCE)
    other = dataclasses.replace(fresh, name="plain-confirm", confirms="plain")
    with pytest.raises(ValueError, match="confirms nothing"):
        find_or_add(ledger, other, PROVENANCE)


# More seeds for some trials alone


def ids(home: Path) -> list[str]:  # noqa: F811
    return [arm.trial_id for arm in study(read_sweep(home, NAME)).trials]


def seeds_of_each(home: Path) -> list[int]:  # noqa: F811
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep(NAME)
    assert sweep is not None
    found = [len(trial.replicates) for trial in ledger.trials(sweep)]
    assert isinstance(sweep, Sweep)
    ledger.close()
    return found


def test_more_seeds_for_some_trials_are_trained_once_and_stay(home: Path) -> None:  # noqa: F811
    chosen = [ids(home)[n] for n in (REFERENCE, WINNER)]
    before = replicates(home, NAME)
    for _ in range(2):
        assert launched(home, "--only", chosen[0], chosen[1][:8], "--seeds", "4") == 0
        assert seeds_of_each(home) == [2, 4, 2, 4]
    once = replicates(home, NAME)
    assert set(before) < set(once)
    assert launched(home, "--seeds", "2") == 0  # the sweep's own command takes nothing away
    assert replicates(home, NAME) == once
    assert launched(home, "--seeds", "3") == 0
    assert seeds_of_each(home) == [3, 4, 3, 4]
    assert set(once) < set(replicates(home, NAME))
    assert audit.main(["--home", str(home)]) == 0
    found: Study = study(read_sweep(home, NAME))
    assert [d.words for d in found.plan.deviations] == [
        *sorted(f"4 seeds of trial {trial_id} alone" for trial_id in chosen),
        "3 seeds a trial, not 2",
    ]


def test_seeds_that_nobody_asked_for_are_seen_by_the_audit(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Negative control: the law is loosened for the trials that were named, and no others."""
    assert launched(home, "--only", ids(home)[WINNER], "--seeds", "3") == 0
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        database.execute("delete from asked where id = (select max(id) from asked)")
        database.commit()
    capsys.readouterr()
    assert audit.main(["--home", str(home)]) == 1
    assert "3 seeds" in capsys.readouterr().out


def test_only_a_complete_trial_of_the_sweep_gets_more_seeds_alone(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    assert launched(home, "--only", "nope", "--seeds", "3") == 2
    assert "--only nope: 0 trials of this sweep begin so" in capsys.readouterr().err
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        database.execute("update trials set state = 'failed', reason = 'x' where number = 0")
        database.commit()
    assert launched(home, "--only", ids(home)[0], "--seeds", "3") == 2
    assert "it is failed; only a complete trial" in capsys.readouterr().err
