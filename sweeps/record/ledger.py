"""The only record of a sweep: one row per trial, every change of state in one transaction.

While a sweep runs, its driver alone writes the record. What Ray, Optuna and MLflow hold may be
lost: it can be rebuilt from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import selectinload

from sweeps.commands.command_line import counted
from sweeps.machine.foreign_text import storable
from sweeps.record.attempts import Place
from sweeps.record.derived_rows import (
    change_state,
    clear,
    copy_report,
    copy_row,
    lacking,
    summarise,
    unreported,
)
from sweeps.record.schema import Replicate, Report, State, Sweep, Trial, now
from sweeps.record.transactions import Transactions
from sweeps.record.write_trial import ADD_ATTEMPT, FINISHED, add, changing, record, reports_of

_RELATED = (selectinload(Trial.replicates), selectinload(Trial.reports))


class Ledger(Transactions):
    """What the driver records, and reads again at the next launch.

    The methods return detached rows, with the values that they had when read.
    """

    # Sweeps

    def find_sweep(self, name: str) -> Sweep | None:
        """The sweep called ``name``, if there is one."""
        with self.reading() as session:
            return session.scalars(select(Sweep).where(Sweep.name == name)).first()

    def add_sweep(self, sweep: Sweep) -> Sweep:
        """Record a new sweep."""
        with self.writing() as session:
            session.add(sweep)
        return sweep

    def update_sweep(self, sweep: Sweep, **changes: Any) -> Sweep:
        """Change columns of ``sweep``; returns the changed row."""
        with self.writing() as session:
            row = session.get_one(Sweep, sweep.id)
            for column, value in changes.items():
                setattr(row, column, value)
        return row

    def change_code(
        self, sweep: Sweep, codes: Mapping[str, str], *, start_over: bool, **changes: Any
    ) -> None:
        """Change columns of ``sweep`` and the code of some of its trials, in one transaction.

        Args:
            sweep: the sweep.
            codes: the new code of each trial to change, by trial id.
            start_over: whether these trials lose their results and wait again.
            changes: columns of the sweep.
        """
        with self.writing() as session:
            row = session.get_one(Sweep, sweep.id)
            for column, value in changes.items():
                setattr(row, column, value)
            wanted = select(Trial).where(Trial.sweep_id == sweep.id).options(*_RELATED)
            for trial in session.scalars(wanted.where(Trial.trial_id.in_(codes))):
                trial.code = codes[trial.trial_id]
                if start_over:
                    clear(trial)

    # Trials

    def trials(self, sweep: Sweep) -> list[Trial]:
        """Every trial of ``sweep`` in the order of its number, with its replicates."""
        with self.reading() as session:
            wanted = select(Trial).where(Trial.sweep_id == sweep.id).order_by(Trial.number)
            return list(session.scalars(wanted.options(selectinload(Trial.replicates))))

    def reports(self, trials: Iterable[Trial]) -> dict[int, list[Report]]:
        """The reports of ``trials`` by ``Trial.id``, each list in the order of steps."""
        found: dict[int, list[Report]] = {trial.id: [] for trial in trials}
        sweeps = {trial.sweep_id for trial in trials}
        with self.reading() as session:
            wanted = select(Report).join(Trial).where(Trial.sweep_id.in_(sweeps))
            for report in session.scalars(wanted.order_by(Report.trial_row, Report.step)):
                if report.trial_row in found:
                    found[report.trial_row].append(report)
        return found

    def add_trial(self, trial: Trial) -> Trial:
        """Record a new trial, before it runs."""
        with self.writing_plainly() as connection:
            add(connection, trial)
        return trial

    def find_finished(self, trial_id: str, code: str, seeds: Sequence[int]) -> Trial | None:
        """A complete, not reused trial of this config and code that has all these seeds."""
        with self.reading_plainly() as connection:
            rows = list(
                connection.execute(FINISHED, {"trial_id": trial_id, "code": code}).scalars()
            )
        if not rows:
            return None
        with self.reading() as session:
            found = session.scalars(select(Trial).where(Trial.id.in_(rows)).options(*_RELATED))
            return next((t for t in found if {r.seed for r in t.replicates} >= set(seeds)), None)

    def reuse(self, trial: Trial, source: Trial, seeds: Sequence[int]) -> Trial:
        """Complete a waiting ``trial`` with copies of the results of ``source`` for ``seeds``."""
        with self.writing() as session:
            row = session.get_one(Trial, trial.id, options=[selectinload(Trial.replicates)])
            row.replicates = [copy_row(r) for r in source.replicates if r.seed in seeds]
            row.reports = [copy_report(r, seeds) for r in source.reports]
            row.reused_from = session.get_one(Sweep, source.sweep_id).name
            row.state, row.step = "complete", source.step
            row.started, row.finished = source.started, source.finished
            summarise(row, seeds)
        return row

    def set_state(
        self, trial: Trial, state: State, *, reason: str | None = None, error: str | None = None
    ) -> Trial:
        """Set the state of ``trial`` and of its replicates that are not complete or diverged."""
        with self._changing(trial) as row:
            change_state(row, state)
            row.reason, row.error = reason and storable(reason), error and storable(error)
        return row

    @contextmanager
    def _changing(self, trial: Trial) -> Iterator[Trial]:
        with self.writing_plainly() as connection, changing(connection, trial) as row:
            yield row

    def reset(self, trial: Trial) -> Trial:
        """Set ``trial`` to waiting without results: for a retry after failure, or for a rerun."""
        with self.writing() as session:
            row = session.get_one(Trial, trial.id, options=_RELATED)
            clear(row)
        return row

    def open_replicates(self, trial: Trial, seeds: Sequence[int]) -> Trial:
        """Add a waiting replicate for each of ``seeds`` that has none; others do not change."""
        present = {replicate.seed for replicate in trial.replicates}
        new = [Replicate(seed=seed, state="waiting") for seed in seeds if seed not in present]
        if not new:
            return trial
        with self._changing(trial) as row:
            row.replicates += new
        return row

    def reported(self, trial: Trial, seeds: Sequence[int]) -> int:
        """The last step up to which every evaluation of ``seeds`` is reported; 0 if none is."""
        if not trial.step:
            return 0  # it has no report
        with self.reading_plainly() as connection:
            reports = reports_of(connection, trial)
        missing = unreported(trial, reports, seeds)
        before = [r.step for r in reports if not missing or r.step < missing[0]]
        return max(before, default=0)

    def note(self, trial: Trial, note: str) -> Trial:
        """Record why a worker did not continue from the checkpoint that it found."""
        with self._changing(trial) as row:
            row.note = note
        return row

    def begin_attempt(self, trial: Trial, place: Place, step: int) -> Trial:
        """Record that a worker has begun to train ``trial``, after its step ``step``."""
        said = {name: storable(value) for name, value in asdict(place).items()}
        with self.writing_plainly() as connection, changing(connection, trial) as row:
            change_state(row, "running")
            row.reason = row.error = None
            connection.execute(ADD_ATTEMPT, {"trial_row": trial.id, "step": step, **said})
        return row

    def retried(self, trial: Trial, reason: str) -> Trial:
        """Set ``trial`` to waiting for one more attempt; ``reason`` says why."""
        with self._changing(trial) as row:
            change_state(row, "waiting")
            row.reason, row.retries = storable(reason), row.retries + 1
        return row

    def record(
        self, trial: Trial, metrics: Mapping[str, float], seeds: Sequence[int]
    ) -> tuple[Trial, Report]:
        """Record one report and update its replicates and trial, in one transaction.

        A step may be reported twice, because work after a checkpoint is repeated. The new report
        then overwrites the old one seed by seed. The last report of the budget completes the trial
        if no other report is missing.
        """
        with self.writing_plainly() as connection, changing(connection, trial) as row:
            report = record(connection, row, metrics, seeds)
            if report.step == row.steps and not _diverged(row):
                _complete(connection, row, seeds)
        return row, report

    def complete(self, trial: Trial, seeds: Sequence[int]) -> Trial:
        """End a trial whose worker says that the budget is reached: complete, or failed.

        The trial has failed if a seed diverged, or if its reports do not cover the whole budget.
        """
        with self.writing_plainly() as connection, changing(connection, trial) as row:
            row.finished = now()
            if diverged := _diverged(row):
                first = min(r.step for r in diverged)
                row.state = "failed"
                row.reason = (
                    f"diverged: {len(diverged)} of {counted(len(row.replicates), 'seed')}, "
                    f"the first at step {first}"
                )
                row.value = row.test = None
            elif lack := _complete(connection, row, seeds):
                row.state, row.test = "failed", None
                row.reason = f"its worker ended but {lack}: --retry-failed trains it again"
        return row


def _diverged(row: Trial) -> list[Replicate]:
    return [replicate for replicate in row.replicates if replicate.state == "diverged"]


def _complete(connection: Connection, row: Trial, seeds: Sequence[int]) -> str | None:
    """Complete a trial without diverged seeds, or say what its reports lack."""
    lack = lacking(row, reports_of(connection, row), seeds)
    if lack is None:
        row.state, row.reason, row.error, row.finished = "complete", None, None, now()
        summarise(row, seeds)
    return lack
