"""How a ledger row reads in MLflow: its params, tags and status. No MLflow here."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from focus_core.config import TrialConfig
from focus_core.config.keys import defaults, spellings
from sweeps.alarms import promised, report_alarms
from sweeps.outside import storable
from sweeps.progress import count_states, short_name
from sweeps.schema import Report, Sweep, Trial
from sweeps.sources.words import tag
from sweeps.tracking.points import score_key

# Runs are found again by these; the plain tags are for people to filter by.
SWEEP_TAG, CREATED_TAG, KIND_TAG = "focus.sweep", "focus.created", "focus.kind"
TRIAL_TAG, POINTS_TAG, NEWEST_TAG = "focus.trial_id", "focus.points", "focus.newest"
PARENT_TAG = "mlflow.parentRunId"  # MLflow's own
OUR_TAGS = "focus."
SPACE_TAG = "focus.space"  # on the experiment: it may be renamed
SUPERSEDED = "superseded"  # the kind of a run that another one has replaced
COUNTED_TAG = "focus.counted"  # step and milliseconds of the sweep's newest counts
LAYOUT_TAG, LAYOUT = "focus.layout", "2"  # which names a run's metrics and params have

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
    """One experiment a space: sweeps that ask the same question can be compared."""
    return f"focus-sweeps/{sweep.space}"


def identity_tags(sweep: Sweep, trial: Trial | None = None) -> dict[str, str]:
    """What the sweep's run, or that of one trial, is found by."""
    created = sweep.created.astimezone(UTC).isoformat(timespec="seconds")
    tags = {SWEEP_TAG: sweep.name, CREATED_TAG: created}
    if trial is None:
        return tags | {KIND_TAG: "sweep"}
    return tags | {KIND_TAG: "trial", TRIAL_TAG: trial.trial_id}


def sweep_tags(sweep: Sweep, best: Trial | None, state: str) -> dict[str, str]:
    """What a person reads on the sweep's run."""
    tags = {"state": state, "space": sweep.space, "commit": tag(sweep.commit, sweep.dirty)}
    if best is None:
        return tags
    return tags | {"best_trial_id": best.trial_id, "best_point": short_name(best)}


def sweep_params(sweep: Sweep) -> dict[str, Any]:
    """How the sweep was asked for."""
    return {"sampler": sweep.sampler, "seeds": sweep.seeds, "metric": sweep.metric}


def sweep_metrics(sweep: Sweep, trials: Sequence[Trial], best: Trial | None) -> dict[str, float]:
    """The best score, and how many trials are in each state."""
    counts = count_states(sweep, trials)
    metrics = {f"trials/{state}": float(count) for state, count in counts.items()}
    if best is not None and best.value is not None:
        metrics[best_key(sweep)] = best.value
    return metrics


def best_key(sweep: Sweep) -> str:
    """The sweep's own metric: ``best_validation_accuracy``."""
    return f"best_{score_key(sweep)}"


def parse_counted(tags: Mapping[str, str]) -> tuple[int, int]:
    """Step and milliseconds of the newest counts on a sweep's run; zeros when there are none."""
    step, _, at = tags.get(COUNTED_TAG, "").partition(" ")
    return (int(step), int(at)) if step.isdigit() and at.isdigit() else (0, 0)


def logged_tags(logged: Mapping[int, int]) -> dict[str, str]:
    """How much of the ledger is there. ``logged``: by step, the milliseconds of its report."""
    newest = max(logged.values(), default=0)
    return {POINTS_TAG: str(len(logged)), NEWEST_TAG: str(newest)}


def agree(tags: Mapping[str, str], logged: Mapping[int, int]) -> bool:
    """Whether a run holds these reports, as far as its tags tell."""
    return logged_tags(logged).items() <= tags.items()


def trial_tags(
    sweep: Sweep, trial: Trial, reports: Sequence[Report], before: Mapping[str, str]
) -> dict[str, str]:
    """What a person reads on a trial's run; what no longer holds of ``before`` is emptied."""
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
    """What is suspect in the newest report."""
    newest = max(reports, key=lambda report: report.step).metrics
    return "; ".join(report_alarms(newest, causal=trial.causal, config=trial.config))


def trial_params(sweep: Sweep, trial: Trial) -> dict[str, Any]:
    """What varies in the sweep, and nothing else: the same keys in every run of it.

    A key that some runs lack would draw misleading lines in MLflow's comparison; where an axis
    has no effect it shows the base's value. The whole config is the run's ``config.json``.
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
    """Whether a run was written with other names than today's: it is then written anew."""
    return tags.get(LAYOUT_TAG) != LAYOUT


def _user() -> str:
    try:
        return storable(getpass.getuser())
    except (OSError, KeyError, ImportError):  # of a number without a name
        return "unknown"
