"""Turn a ledger row into MLflow's params, tags and status, without importing MLflow."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from focus_core.config import TrialConfig
from focus_core.config.keys import defaults, spellings
from sweeps.evidence.alarms import promised, report_alarms
from sweeps.machine.foreign_text import storable
from sweeps.provenance.sources.recorded import tag
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.progress import count_states, short_name
from sweeps.showing.tracking.points import score_key

# This program finds its runs by these tags; people filter by the tags without a prefix.
SWEEP_TAG, CREATED_TAG, KIND_TAG = "focus.sweep", "focus.created", "focus.kind"
TRIAL_TAG, POINTS_TAG, NEWEST_TAG = "focus.trial_id", "focus.points", "focus.newest"
PARENT_TAG = "mlflow.parentRunId"  # MLflow's own
OUR_TAGS = "focus."
SPACE_TAG = "focus.space"  # a tag of the experiment, whose name may change
SUPERSEDED = "superseded"  # the kind of a run that another one has replaced
COUNTED_TAG = "focus.counted"  # step and milliseconds of the sweep's newest counts
LAYOUT_TAG, LAYOUT = "focus.layout", "2"  # the version of metric and param names

STATUS = {
    "waiting": "SCHEDULED",
    "running": "RUNNING",
    "complete": "FINISHED",
    "pruned": "KILLED",
    "failed": "FAILED",
    "killed": "KILLED",
}
OPEN = ("SCHEDULED", "RUNNING")
MAX_TEXT = 5000  # characters; MLflow takes 6000 in a param, 8000 in a tag


def experiment_name(sweep: Sweep) -> str:
    """One experiment per space, so that sweeps with the same question can be compared."""
    return f"focus-sweeps/{sweep.space}"


def identity_tags(sweep: Sweep, trial: Trial | None = None) -> dict[str, str]:
    """The tags by which the sweep's run, or the run of one trial, is found."""
    created = sweep.created.astimezone(UTC).isoformat(timespec="seconds")
    tags = {SWEEP_TAG: sweep.name, CREATED_TAG: created}
    if trial is None:
        return tags | {KIND_TAG: "sweep"}
    return tags | {KIND_TAG: "trial", TRIAL_TAG: trial.trial_id}


def sweep_tags(sweep: Sweep, best: Trial | None, state: str) -> dict[str, str]:
    """The tags of the sweep's run that people read."""
    tags = {"state": state, "space": sweep.space, "commit": tag(sweep.commit, sweep.dirty)}
    if best is None:
        return tags
    return tags | {"best_trial_id": best.trial_id, "best_point": short_name(best)}


def sweep_params(sweep: Sweep) -> dict[str, Any]:
    """The sampler, number of seeds and metric of the sweep."""
    return {"sampler": sweep.sampler, "seeds": sweep.seeds, "metric": sweep.metric}


def sweep_metrics(sweep: Sweep, trials: Sequence[Trial], best: Trial | None) -> dict[str, float]:
    """The best score, and how many trials are in each state."""
    counts = count_states(sweep, trials)
    metrics = {f"trials/{state}": float(count) for state, count in counts.items()}
    if best is not None and best.value is not None:
        metrics[best_key(sweep)] = best.value
    return metrics


def best_key(sweep: Sweep) -> str:
    """The name of the best score on the sweep's run, such as ``best_validation_accuracy``."""
    return f"best_{score_key(sweep)}"


def parse_counted(tags: Mapping[str, str]) -> tuple[int, int]:
    """Step and milliseconds of the newest counts on a sweep's run; zeros when there are none."""
    step, _, at = tags.get(COUNTED_TAG, "").partition(" ")
    return (int(step), int(at)) if step.isdigit() and at.isdigit() else (0, 0)


def logged_tags(logged: Mapping[int, int]) -> dict[str, str]:
    """Tags that say which reports a run has. ``logged``: milliseconds of each report, by step."""
    newest = max(logged.values(), default=0)
    return {POINTS_TAG: str(len(logged)), NEWEST_TAG: str(newest)}


def agree(tags: Mapping[str, str], logged: Mapping[int, int]) -> bool:
    """Whether a run holds these reports, as far as its tags tell."""
    return logged_tags(logged).items() <= tags.items()


def trial_tags(
    sweep: Sweep, trial: Trial, reports: Sequence[Report], before: Mapping[str, str]
) -> dict[str, str]:
    """The tags of a trial's run that people read; outdated tags of ``before`` become empty."""
    promise = promised(causal=trial.causal, config=trial.config)
    tags = {
        "state": trial.state,
        "space": sweep.space,
        "commit": tag(sweep.commit, sweep.dirty),
        "causal": str(promise == "causal").lower(),
    }
    optional = {
        "leaky": "" if trial.causal else "true",
        "bidirectional": "true" if promise == "bidirectional" else "",
        "variant": trial.variant,
        "reused_from": trial.reused_from,
        "reason": trial.reason,
        "note": trial.note,
        "alarm": _alarm(trial, reports) if reports else before.get("alarm"),
    }
    known = {key: text[:MAX_TEXT] for key, text in optional.items() if text}
    return tags | {key: "" for key in optional if key in before} | known


def _alarm(trial: Trial, reports: Sequence[Report]) -> str:
    """The alarms of the newest report, as one text."""
    newest = max(reports, key=lambda report: report.step).metrics
    return "; ".join(report_alarms(newest, causal=trial.causal, config=trial.config))


def trial_params(sweep: Sweep, trial: Trial) -> dict[str, Any]:
    """The trial's values of what varies in the sweep, under the same keys in every run.

    A key that some runs lack would draw misleading lines in MLflow's comparison. So an axis without
    effect in this trial shows the base's value. The whole config is the run's ``config.json``.
    """
    resolved = defaults() | TrialConfig().resolved().flat() | sweep.base | trial.config
    spelt = spellings()
    known = {key: value for key, value in resolved.items() if key not in spelt} | trial.point
    keys = dict.fromkeys([*(axis["key"] for axis in sweep.axes), *trial.point])
    return {key: known[key] for key in keys if key in known}


def run_tags(sweep: Sweep) -> dict[str, str]:
    """Where a new run comes from, under MLflow's own names."""
    tags = {
        LAYOUT_TAG: LAYOUT,
        "mlflow.user": _user(),
        "mlflow.source.name": "sweeps/launch.py",
        "mlflow.source.type": "LOCAL",
    }
    return tags | ({"mlflow.source.git.commit": sweep.commit} if sweep.commit else {})


def is_outdated(tags: Mapping[str, str]) -> bool:
    """Whether a run has metric and param names of another version; it is then written anew."""
    return tags.get(LAYOUT_TAG) != LAYOUT


def _user() -> str:
    try:
        return storable(getpass.getuser())
    except (OSError, KeyError, ImportError):  # the user's id has no name
        return "unknown"
