"""Find one sweep's runs in MLflow by their tags, and make them agree with their ledger rows.

Everything here may be done twice, or after a crash half-way: what MLflow already has is skipped.
A person may have deleted a run of the sweep. Once there is something to write, such a run is
restored, or made anew if it was permanently deleted. Other runs in the experiment are left alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from sweeps.evidence.ranking import Leaks
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.progress import ENDED, best_trial, ranked_trials, short_name
from sweeps.showing.tracking import run_fields
from sweeps.showing.tracking.experiments import Experiments
from sweeps.showing.tracking.finding import Run, find_runs
from sweeps.showing.tracking.moved_homes import carried, place_of
from sweeps.showing.tracking.notes import NOTE, note, note_tags
from sweeps.showing.tracking.points import (
    STEP,
    Point,
    final_points,
    last_value,
    milliseconds,
    report_points,
    score_key,
)
from sweeps.showing.tracking.views import view_tag
from sweeps.showing.tracking.writing import Writer


class SweepRuns:
    """A parent run for the sweep, a child run for each trial.

    Args:
        client: an ``MlflowClient``.
        sweep: the ledger's row.
        artifacts: folder for the artifacts of a new experiment; None: the server's default.

    Raises:
        Exception: whatever MLflow raises when it cannot answer, here and in every method.
    """

    def __init__(self, client: Any, sweep: Sweep, artifacts: Path | None) -> None:
        self._client = client
        self._writer = Writer(client)
        place = None if artifacts is None else place_of(client.tracking_uri, artifacts)
        self._experiments = Experiments(client, place)
        found = find_runs(client, self._experiments.ids, sweep)
        self._parent = next(iter(found.parents), None)
        self._children = {trial_id: runs[0] for trial_id, runs in found.children.items()}
        self._moved: dict[str, Run] = {}
        known = [run.experiment for run in (*found.parents, *self._children.values())]
        self._experiment = self._experiments.choose(sweep, known, artifacts)
        doubled = [run for runs in (found.parents, *found.children.values()) for run in runs[1:]]
        for run in doubled + found.superseded:
            if not run.is_deleted:
                self._supersede(run)

    def mirror(
        self, sweep: Sweep, trial: Trial, reports: Sequence[Report], *, complete: bool = False
    ) -> int:
        """Make one trial's run agree with its row.

        Args:
            sweep: its sweep.
            trial: the row.
            reports: the reports since the last call, or all; those that MLflow has are skipped.
            complete: whether these are all reports in the ledger. Then a run that agrees is left
                alone and its history is not read. A run of an attempt that the ledger has
                forgotten is deleted.

        Returns:
            how many reports MLflow did not have, or had with another time.
        """
        by_step = {report.step: milliseconds(report.at) for report in reports}
        if complete:
            self._forget(sweep, trial, reports, by_step)
        if not self._is_behind(sweep, trial, by_step, complete):
            return 0
        run = self._child(sweep, trial)
        logged = self._logged(run)
        fresh = {r.step: r for r in reports if logged.get(r.step) != by_step[r.step]}
        points = report_points(sweep, list(fresh.values()))
        points = self._unsaid(run, points, repeated=fresh.keys() & logged.keys())
        logged = logged | {step: by_step[step] for step in fresh}
        self._writer.write_files(run, trial)
        self._writer.log(
            run,
            params=run_fields.trial_params(sweep, trial),
            points=points + final_points(sweep, trial),
            tags=run_fields.trial_tags(sweep, trial, reports, before=run.tags)
            | run_fields.logged_tags(logged)
            | self._ties(sweep, trial),
        )
        run.logged = logged
        self._writer.set_status(run, run_fields.STATUS[trial.state], trial.finished)
        return len(fresh)

    def mirror_sweep(self, sweep: Sweep, trials: Sequence[Trial], state: str, leaks: Leaks) -> None:
        """Make the parent run agree with the ledger: counts, best trial and state.

        Args:
            sweep: the sweep's row.
            trials: all trials in the ledger; the run of any other trial is deleted.
            state: one of the states of a trial.
            leaks: the leaks measured in the trials' reports.
        """
        for ghost in self._children.keys() - {trial.trial_id for trial in trials}:
            self.supersede(ghost)
        parent, best = self._parent_of(sweep), best_trial(sweep, trials, leaks)
        ranked = [t.value for t in ranked_trials(trials, leaks) if t.value is not None]
        wanted = run_fields.sweep_metrics(sweep, trials, best)
        changed = {k: v for k, v in wanted.items() if parent.metrics.get(k) != v}
        ended = sum(trial.state in ENDED for trial in trials)
        # MLflow shows the point of the largest step, and of these the latest. The newest counts
        # must come after older ones, also when seeds were added or the clock was set back.
        step, at = run_fields.parse_counted(parent.tags)
        step, at = max(step, ended), max(at + 1, int(time.time() * 1000))
        self._writer.log(
            parent,
            params=run_fields.sweep_params(sweep),
            points=[(key, value, at, step) for key, value in changed.items()],
            tags=run_fields.sweep_tags(sweep, best, state)
            | run_fields.identity_tags(sweep)
            | note_tags(note(sweep, trials, best, ranked), parent.tags)
            | ({run_fields.COUNTED_TAG: f"{step} {at}"} if changed else {}),
        )
        parent.metrics |= changed
        self._writer.set_status(parent, run_fields.STATUS[state], sweep.finished)
        self._experiments.add_tag(parent.experiment, *view_tag(sweep))

    def kill_open(self) -> None:
        """Close every run that is still open, as killed."""
        for run in [*self._children.values(), *([self._parent] if self._parent else [])]:
            if run.status in run_fields.OPEN and not run.is_deleted:
                self._writer.log(run, params={}, points=[], tags={"state": "killed"})
                self._writer.set_status(run, "KILLED", None)
        self._experiments.delete_left()

    def supersede(self, trial_id: str) -> None:
        """Delete the trial's run, if there is one; ``mirror`` then makes a new run."""
        run = self._children.pop(trial_id, None)
        if run is not None:
            self._supersede(run)

    def _supersede(self, run: Run) -> None:
        self._revive(run)  # MLflow sets no tag on a deleted run
        # The new kind says that no person deleted this run, so that it is never restored.
        self._client.set_tag(run.id, run_fields.KIND_TAG, run_fields.SUPERSEDED)
        self._client.delete_run(run.id)

    def _revive(self, run: Run) -> Run:
        if run.is_deleted:
            self._experiments.open(run.experiment)
            self._client.restore_run(run.id)
            run.is_deleted = False
        return run

    def _ties(self, sweep: Sweep, trial: Trial) -> dict[str, str]:
        """The tags by which a trial's run is found and is under its sweep's run."""
        return run_fields.identity_tags(sweep, trial) | {
            run_fields.PARENT_TAG: self._parent_of(sweep).id
        }

    def _is_behind(
        self, sweep: Sweep, trial: Trial, by_step: Mapping[int, int], complete: bool
    ) -> bool:
        run = self._children.get(trial.trial_id)
        if run is None or run.is_deleted:
            return trial.state != "waiting" or bool(by_step)
        if run.logged is not None:
            missing = any(run.logged.get(step) != at for step, at in by_step.items())
        else:
            missing = not (complete and run_fields.agree(run.tags, by_step))
        if not self._ties(sweep, trial).items() <= run.tags.items():
            return True
        state = (run.tags.get("state"), run.status)
        return missing or state != (trial.state, run_fields.STATUS[trial.state])

    def _logged(self, run: Run) -> dict[int, int]:
        if run.logged is None:
            history = self._client.get_metric_history(run.id, STEP)
            history = sorted(history, key=lambda metric: metric.timestamp)
            run.logged = {metric.step: metric.timestamp for metric in history}
        return run.logged

    def _unsaid(self, run: Run, points: list[Point], repeated: Set[int]) -> list[Point]:
        """``points`` without those that the run already has at the ``repeated`` steps.

        A step is trained twice after a checkpoint, or for more seeds. MLflow can only add points,
        and shows the last of two values at a step.
        """
        keys = {key for key, _, _, step in points if step in repeated}
        said = {
            (key, metric.step, metric.value)
            for key in keys
            for metric in self._client.get_metric_history(run.id, key)
        }
        return [point for point in points if (point[0], point[3], point[1]) not in said]

    def _forget(
        self, sweep: Sweep, trial: Trial, reports: Sequence[Report], by_step: Mapping[int, int]
    ) -> None:
        """Supersede a run that holds something not in these reports, or has outdated names.

        The ledger is written first, so such a run is of an attempt before the trial was started
        over, or of another trial.
        """
        run = self._children.get(trial.trial_id)
        if run is None:
            return
        if run_fields.is_outdated(run.tags):
            same = False
        elif run.experiment in self._experiments.elsewhere:
            same, self._moved[trial.trial_id] = False, run
        elif run_fields.agree(run.tags, by_step):
            same = last_value(reports) == run.metrics.get(score_key(sweep))
        else:
            same = self._logged(run).keys() <= by_step.keys()
        if not same:
            self.supersede(trial.trial_id)

    def _child(self, sweep: Sweep, trial: Trial) -> Run:
        run = self._children.get(trial.trial_id)
        if run is None:
            name, kept = carried(self._moved.pop(trial.trial_id, None), short_name(trial))
            tags = kept | self._ties(sweep, trial) | run_fields.run_tags(sweep)
            run = self._writer.create(self._experiment, name, tags, trial.started)
            self._children[trial.trial_id] = run
        return self._revive(run)

    def _parent_of(self, sweep: Sweep) -> Run:
        before = self._parent
        outdated = before if before and run_fields.is_outdated(before.tags) else None
        moved = before if before and before.experiment in self._experiments.elsewhere else None
        if before is None or outdated or moved:
            name, kept = carried(None if outdated else moved, sweep.name)
            if outdated and outdated.tags.get(NOTE, "") not in ("", sweep.question):
                kept = {NOTE: outdated.tags[NOTE]}  # a person's
            tags = kept | run_fields.identity_tags(sweep) | run_fields.run_tags(sweep)
            self._parent = self._writer.create(self._experiment, name, tags, sweep.created)
            if before is not None:
                self._supersede(before)
        assert self._parent is not None
        return self._revive(self._parent)
