"""The MLflow experiment of a space: found by its tag under any name, and restored if deleted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from sweeps.record.schema import Sweep
from sweeps.showing.tracking import run_fields
from sweeps.showing.tracking.finding import all_experiments
from sweeps.showing.tracking.moved_homes import is_elsewhere

LEFT = " (before the home was moved)"
"""How the name of an experiment ends that a moved home has replaced."""


class Experiments:
    """All experiments that MLflow has, including the deleted ones.

    Args:
        client: an ``MlflowClient``.
        place: where the files of this home's experiments must be; None: anywhere.
    """

    def __init__(self, client: Any, place: str | None = None) -> None:
        self._client = client
        self._all = {str(e.experiment_id): e for e in all_experiments(client, deleted=True)}
        self._tags = {k: dict(e.tags) for k, e in self._all.items()}
        self._deleted = {k for k, e in self._all.items() if e.lifecycle_stage == "deleted"}
        self.elsewhere = {
            k for k, e in self._all.items() if is_elsewhere(e.artifact_location, place)
        }
        """Experiments whose files are where the home was before it was moved."""
        self._left = {k for k in self.elsewhere - self._deleted if LEFT in self._all[k].name}

    @property
    def ids(self) -> list[str]:
        """The id of every experiment."""
        return list(self._all)

    def choose(self, sweep: Sweep, holding: Sequence[str], artifacts: Path | None) -> str:
        """The id of the experiment for new runs; it is made or restored if need be.

        Args:
            sweep: the ledger's row.
            holding: the ids of the experiments that hold runs of the sweep, the parent's first.
            artifacts: folder for the artifacts of a new experiment; None: the server's default.
        """
        name = run_fields.experiment_name(sweep)
        tags = {k: e.tags.get(run_fields.SPACE_TAG) for k, e in self._all.items()}
        marked = [key for key, space in tags.items() if space == sweep.space]
        marked.sort(key=lambda k: (k in self._deleted, self._all[k].name != name, int(k)))
        by_name = {e.name: k for k, e in self._all.items() if tags[k] is None}
        known = [*holding, *marked, *filter(None, [by_name.get(name)])]
        here = [key for key in known if key not in self.elsewhere]
        if not here:
            ours = [key for key in known if key in holding or key in marked]
            return self._make(sweep, name, artifacts, before=ours[0] if ours else None)
        chosen = here[0]
        self.open(chosen)
        if tags[chosen] is None:
            self._client.set_experiment_tag(chosen, run_fields.SPACE_TAG, sweep.space)
        return chosen

    def add_tag(self, experiment: str, key: str, text: str) -> None:
        """Set a tag that the experiment lacks. An existing tag stays: a person may have set it."""
        tags = self._tags.setdefault(experiment, {})
        if key not in tags:
            self._client.set_experiment_tag(experiment, key, text)
            tags[key] = text

    def open(self, experiment: str) -> None:
        """Restore the experiment if it is deleted. Its deleted runs stay deleted."""
        if experiment not in self._deleted:
            return
        from mlflow.entities import ViewType

        runs, token = [], None
        while True:
            page = self._client.search_runs(
                [experiment], "", run_view_type=ViewType.DELETED_ONLY, page_token=token
            )
            runs += [run.info.run_id for run in page]
            token = page.token
            if not token:
                break
        self._client.restore_experiment(experiment)  # restores every run in it, too
        for run in runs:
            self._client.delete_run(run)
        self._deleted.discard(experiment)

    def delete_left(self) -> None:
        """Delete the experiments of before a move that hold no run any more."""
        for key in sorted(self._left):
            if not self._client.search_runs([key], max_results=1):
                self._client.delete_experiment(key)
                self._left.discard(key)

    def _make(self, sweep: Sweep, name: str, artifacts: Path | None, before: str | None) -> str:
        """Make an experiment. It takes name and tags from the experiment ``before`` a move."""
        tags: dict[str, str] = {}
        if before is not None:
            name, tags = self._all[before].name.partition(LEFT)[0], self._tags[before]
            self._set_aside(before)
        place = None if artifacts is None else artifacts.resolve().as_uri()
        tags = tags | {run_fields.SPACE_TAG: sweep.space}
        free = self._free(name)
        made = str(self._client.create_experiment(free, artifact_location=place, tags=tags))
        self._tags[made] = tags
        if before is not None and run_fields.SPACE_TAG in self._tags[before]:
            self._client.delete_experiment_tag(before, run_fields.SPACE_TAG)
        return made

    def _set_aside(self, key: str) -> None:
        """Give the experiment another name, so that a new one can have its name."""
        self.open(key)
        name = self._all[key].name
        if LEFT not in name:
            self._client.rename_experiment(key, self._free(name + LEFT))
            self._all[key] = self._client.get_experiment(key)
        self._left.add(key)

    def _free(self, name: str) -> str:
        """The name, or another where an experiment has it, because a person renamed that one."""
        taken = {e.name for e in self._all.values()}
        return next(n for i in count(1) if (n := name if i == 1 else f"{name}-{i}") not in taken)
