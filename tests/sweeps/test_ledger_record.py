"""A report's one transaction, against a plain-Python account of what every row must then hold."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from sweeps.record.errors import LedgerError
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Base, Trial
from tests.narrowing import known
from tests.sweeps.conftest import add_sweep
from tests.sweeps.local_launches import ROOT

SEEDS = 3
Account = dict[str, Any]


def add_trial(ledger: Ledger) -> Trial:
    sweep = add_sweep(ledger)
    row = {"number": 0, "trial_id": "id0", "point": {"a": 1}, "config": {"train.steps": 4}}
    trial = Trial(sweep_id=sweep.id, **row, causal=True, state="waiting", steps=4, replicates=[])
    trial = ledger.open_replicates(ledger.add_trial(trial), range(SEEDS))
    return ledger.set_state(trial, "running")


def columns(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def draw(chance: random.Random) -> dict[str, float]:
    """A report as a worker may send it: some seeds, perhaps one that diverged, perhaps the end."""
    step = chance.randint(1, 4)
    found: dict[str, float] = {"step": float(step), "seconds": chance.random(), "noise": 1.0}
    for seed in chance.sample(range(SEEDS), chance.randint(1, SEEDS)):
        if chance.random() < 0.1:
            found[f"diverged/{seed}"] = float(step)
            continue
        found[f"value/{seed}"] = chance.random()
        if step == 4:
            found[f"test/{seed}"] = chance.random()
    return found


def tell(account: Account, found: dict[str, float]) -> None:
    """The same report in an account that knows no database."""
    step = int(found["step"])
    said = account["reports"].setdefault(step, {})
    said.update({k: v for k, v in found.items() if k not in ("step", "seconds")})
    values = [said.get(f"value/{seed}") for seed in range(SEEDS)]
    account["value"] = None if None in values else statistics.fmean(values)
    account["values"][step] = account["value"]
    account["step"] = step
    account["seconds"] += found["seconds"]
    for seed, own in enumerate(account["seeds"]):
        if f"diverged/{seed}" in found:
            own.update(state="diverged", step=step, value=None, test=None)
        elif f"value/{seed}" in found:
            own.update(state="running", step=step, value=found[f"value/{seed}"])
            if f"test/{seed}" in found:
                own.update(state="complete", test=found[f"test/{seed}"])


def stored(ledger: Ledger, trial: Trial) -> Account:
    sweep = ledger.find_sweep("s")
    assert sweep is not None
    (row,) = ledger.trials(sweep)
    reports = ledger.reports([row])[trial.id]
    names = ("state", "step", "value", "test")
    return {
        "step": row.step,
        "value": row.value,
        "seconds": row.seconds,
        "values": {r.step: r.value for r in reports},
        "seeds": [{name: getattr(r, name) for name in names} for r in row.replicates],
        "reports": {r.step: by_seed(r.metrics) for r in reports},
    }


def by_seed(metrics: dict[str, Any]) -> dict[str, Any]:
    """Without what follows from them."""
    return {k: v for k, v in metrics.items() if "/" in k or k == "noise"}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_workers_say_every_row_holds_it_once(ledger: Ledger, seed: int) -> None:
    chance, trial = random.Random(seed), add_trial(ledger)
    blank = {"state": "running", "step": 0, "value": None, "test": None}
    account: Account = {"reports": {}, "values": {}, "seconds": 0.0}
    account |= {"seeds": [dict(blank) for _ in range(SEEDS)]}
    for _ in range(25):
        found = draw(chance)
        tell(account, found)
        row, report = ledger.record(trial, found, range(SEEDS))
        now = stored(ledger, trial)
        assert now == {**account, "seconds": pytest.approx(account["seconds"])}
        fresh = ledger.trials(known(ledger.find_sweep("s")))[0]
        assert columns(row) == columns(fresh)
        assert [columns(r) for r in row.replicates] == [columns(r) for r in fresh.replicates]
        kept = {r.step: columns(r) for r in ledger.reports([fresh])[trial.id]}
        assert columns(report) == kept[report.step]
    tell(account, {"step": 1.0, "seconds": 0.0, "value/0": -1.0})
    assert stored(ledger, trial) != account  # what was not recorded is missed


def test_a_report_that_fails_at_its_last_write_leaves_nothing(ledger: Ledger) -> None:
    trial = add_trial(ledger)
    before = stored(ledger, trial)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON replicates "
            "BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    with pytest.raises(IntegrityError, match="no room"):
        ledger.record(trial, {"step": 2, "value/0": 0.5, "seconds": 1.0}, range(SEEDS))
    assert stored(ledger, trial) == before


def test_a_trial_that_is_not_there_is_an_error_of_the_ledger(ledger: Ledger) -> None:
    trial = add_trial(ledger)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM replicates")
        connection.exec_driver_sql("DELETE FROM trials")
    with pytest.raises(LedgerError, match="No row was found"):
        ledger.record(trial, {"step": 1, "value/0": 0.5}, range(SEEDS))


KILLED = """
import os, signal, sys
from sweeps.record.ledger import Ledger
from tests.sweeps.test_ledger_record import add_trial
ledger = Ledger(sys.argv[1])
trial = add_trial(ledger)
for step in (1, 2, 3):
    ledger.record(trial, {"step": step, "value/0": 0.5, "seconds": 1.0}, range(3))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_recorded_outlives_kill_9(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    done = subprocess.run([sys.executable, "-c", KILLED, url], cwd=ROOT, check=False)
    assert done.returncode == -9
    with closing(Ledger(url)) as ledger:
        row = ledger.trials(known(ledger.find_sweep("s")))[0]
        assert (row.step, row.seconds) == (3, 3.0)
