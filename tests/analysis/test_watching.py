"""A report that keeps up with a sweep: written when there is news, and left whole at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from analysis.page.watching import REFRESH, SECONDS, watch
from analysis.reading.ledger import SweepData, read_sweep
from sweeps.record.schema import Sweep, Trial
from tests.analysis.makers import MakeHome, MakeSweep


class Sweeping:
    """A ledger that something happens to while the watcher sleeps."""

    def __init__(self, home: Path, *events: Callable[[Session], None] | None) -> None:
        self.home, self.events = home, list(events)
        self.written: list[tuple[int, int | None]] = []
        self.slept: list[float] = []

    def write(self, data: SweepData, refresh: int | None) -> None:
        complete = data.trials["state"].to_pylist().count("complete")
        self.written.append((complete, refresh))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self.events:
            raise KeyboardInterrupt
        event = self.events.pop(0)
        if event is None:
            return
        engine = sa.create_engine(f"sqlite:///{self.home / 'ledger.db'}")
        with Session(engine) as session, session.begin():
            event(session)
        engine.dispose()

    def watch(self) -> int:
        return watch(
            lambda name: read_sweep(self.home, name),
            self.write,
            sleep=self.sleep,
            clock=lambda: 0.0,
        )


def completes(session: Session) -> None:
    trial = session.scalars(sa.select(Trial).where(Trial.state == "running")).first()
    assert trial is not None
    trial.state = "complete"


def ends(session: Session) -> None:
    session.scalars(sa.select(Sweep)).one().finished = dt.datetime.now(dt.UTC)


def running(grid: MakeSweep) -> Sweep:
    sweep: Sweep = grid(finished=None)
    for trial in sweep.trials[-2:]:
        trial.state, trial.test = "running", None
    return sweep


def test_it_is_written_when_there_is_news_and_ends_with_the_sweep(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    sweeping = Sweeping(ledger(tmp_path, running(grid)), None, completes, None, completes, ends)
    assert sweeping.watch() == 0
    assert sweeping.written == [(10, REFRESH), (11, REFRESH), (12, REFRESH), (12, None)]
    assert set(sweeping.slept) == {SECONDS}


def test_control_c_leaves_a_page_that_waits_for_nobody(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    sweeping = Sweeping(ledger(tmp_path, running(grid)), None)
    assert sweeping.watch() == 0
    assert sweeping.written == [(10, REFRESH), (10, None)]


def test_a_sweep_that_has_ended_is_written_once(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    sweeping = Sweeping(ledger(tmp_path, grid()))
    assert sweeping.watch() == 0
    assert sweeping.written == [(12, None)]
    assert sweeping.slept == []


def test_it_stays_with_its_sweep_when_another_begins(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, ablation: MakeSweep
) -> None:
    asked: list[str | None] = []
    sweeping = Sweeping(ledger(tmp_path, running(grid)), None, ends)

    def read(name: str | None) -> SweepData:
        asked.append(name)
        return read_sweep(tmp_path, name)

    assert watch(read, sweeping.write, sleep=sweeping.sleep, clock=lambda: 0.0) == 0
    assert asked == [None, "nfft_bins", "nfft_bins"]
