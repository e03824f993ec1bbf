"""Find a sweep's runs in MLflow by their tags, in whatever experiment the runs are.

A person may rename, delete and restore experiments and runs, and may edit their tags. A run counts
as the sweep's while its tags have the sweep's name and time of creation. A run also counts while
the sweep's own run is its parent and its tags have a trial's id. A trial's run that has lost both
ties belongs to the person who edited it: the trial gets a new run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweeps.record.schema import Sweep
from sweeps.showing.tracking import run_fields

RUN_ID = re.compile(r"[0-9a-f]{32}")


@dataclass
class Run:
    """What is known of one run in MLflow."""

    id: str
    experiment: str
    status: str
    tags: dict[str, str]
    metrics: dict[str, float] = field(default_factory=dict)
    has_params: bool = False
    is_deleted: bool = False
    started: int = 0
    """Milliseconds since 1970."""
    logged: dict[int, int] | None = None
    """The time of each report, in milliseconds, by step; None: not read yet."""

    @property
    def is_parent(self) -> bool:
        """Whether it is the sweep's own run: a trial's run has a trial id or at least a parent."""
        kind = self.tags.get(run_fields.KIND_TAG)
        if run_fields.TRIAL_TAG in self.tags or kind == run_fields.SUPERSEDED:
            return False
        return kind == "sweep" or run_fields.PARENT_TAG not in self.tags

    @property
    def points(self) -> int:
        """How many reports the run holds, as its writer counted them."""
        count = self.tags.get(run_fields.POINTS_TAG, "")
        return int(count) if count.isdecimal() else 0


@dataclass
class Found:
    """The runs of one sweep, active before deleted; a trial's run with most reports comes first."""

    parents: list[Run]
    children: dict[str, list[Run]]
    """The trials' runs by trial id; runs that have lost their trial id have the key ``""``."""
    superseded: list[Run]
    """Runs that a newer run has replaced, but that are not deleted."""


def all_experiments(client: Any, *, deleted: bool) -> list[Any]:
    """Every experiment, also the deleted ones if asked for."""
    from mlflow.entities import ViewType

    view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    found, token = [], None
    while True:
        page = client.search_experiments(view_type=view, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def tagged_runs(
    client: Any, experiments: Sequence[str], key: str, value: str, *, deleted: bool
) -> Iterator[Run]:
    """Every run with this tag in these experiments, also the deleted ones if asked for."""
    from mlflow.entities import ViewType

    view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    text, token = f"tags.`{key}` = '{value}'", None
    while experiments:
        page = client.search_runs(experiments, text, run_view_type=view, page_token=token)
        yield from map(_read, page)
        token = page.token
        if not token:
            return


def find_runs(
    client: Any, experiments: Sequence[str], sweep: Sweep, *, deleted: bool = True
) -> Found:
    """The runs of one sweep in these experiments."""
    ours = {k: v for k, v in run_fields.identity_tags(sweep).items() if k != run_fields.KIND_TAG}
    runs = tagged_runs(
        client, experiments, run_fields.CREATED_TAG, ours[run_fields.CREATED_TAG], deleted=deleted
    )
    # The time alone could match sweeps of two people on a shared server, and so could the name.
    found = {
        run.id: run for run in runs if run.tags.get(run_fields.SWEEP_TAG, sweep.name) == sweep.name
    }
    if not any(run.is_parent for run in found.values()):
        found |= {run.id: run for run in _edited_parent(client, list(found.values()), ours)}
    parents = {run.id for run in found.values() if run.is_parent}
    # The sweep's run may be permanently deleted: its trials still name it as their parent.
    parents |= {run_id for run_id, _ in _links(found.values()).most_common(1)}
    for parent in sorted(parents):
        linked = tagged_runs(client, experiments, run_fields.PARENT_TAG, parent, deleted=deleted)
        for run in linked:
            if run_fields.TRIAL_TAG in run.tags and not _is_anothers(run, ours):
                found.setdefault(run.id, run)
    return _sort([run for run in found.values() if deleted or not run.is_deleted])


def _edited_parent(client: Any, children: Sequence[Run], ours: dict[str, str]) -> Iterator[Run]:
    """The most common parent of ``children``, where its tags no longer say that it is the sweep's.

    There is none if MLflow has permanently deleted it.
    """
    from mlflow.exceptions import MlflowException

    for run_id, _ in _links(children).most_common(1):
        try:
            run = _read(client.get_run(run_id))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return
        known = any(key.startswith(run_fields.OUR_TAGS) for key in run.tags)
        if known and run.is_parent and not _is_anothers(run, ours):
            yield run


def _is_anothers(run: Run, ours: dict[str, str]) -> bool:
    """Whether both the run's sweep name and its time of creation are of another sweep."""
    return all(run.tags.get(key, text) != text for key, text in ours.items())


def _links(runs: Iterable[Run]) -> Counter[str]:
    """How many of ``runs`` have which parent, by the parent's id."""
    links = (run.tags.get(run_fields.PARENT_TAG, "") for run in runs)
    return Counter(link for link in links if RUN_ID.fullmatch(link))


def _read(run: Any) -> Run:
    return Run(
        id=run.info.run_id,
        experiment=run.info.experiment_id,
        status=run.info.status,
        tags=dict(run.data.tags),
        metrics=dict(run.data.metrics),
        has_params=bool(run.data.params),
        is_deleted=run.info.lifecycle_stage == "deleted",
        started=run.info.start_time or 0,
    )


def _sort(runs: Sequence[Run]) -> Found:
    found = Found([], {}, [])
    for run in sorted(runs, key=lambda run: (run.is_deleted, -run.points)):
        if run.tags.get(run_fields.KIND_TAG) == run_fields.SUPERSEDED:
            found.superseded += [] if run.is_deleted else [run]
        elif run.is_parent:
            found.parents.append(run)
        else:
            found.children.setdefault(run.tags.get(run_fields.TRIAL_TAG, ""), []).append(run)
    links = _links(run for run in runs if not run.is_parent)
    found.parents.sort(key=lambda run: (run.is_deleted, -links[run.id]))
    return found
