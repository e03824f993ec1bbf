"""How a ledger row reads in MLflow: its params, tags, metrics and status. No MLflow here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from focus_core.config import TrialConfig
from focus_core.config.fields import SPELLINGS
from sweeps.alarms import alarms, promised
from sweeps.progress import ENDED, best_trial, count_states, short_name
from sweeps.schema import Report, Sweep, Trial
from sweeps.sources.words import tag

# Runs are found again by these; the plain tags are for people to filter by.
SWEEP_TAG, CREATED_TAG, KIND_TAG = "focus.sweep", "focus.created", "focus.kind"
TRIAL_TAG, POINTS_TAG, NEWEST_TAG = "focus.trial_id", "focus.points", "focus.newest"
PARENT_TAG = "mlflow.parentRunId"  # MLflow's own
OUR_TAGS = "focus."
SPACE_TAG = "focus.space"  # on the experiment: it may be renamed
SUPERSEDED = "superseded"  # the kind of a run that another one has replaced
COUNTED_TAG = "focus.counted"  # step and milliseconds of the sweep's newest counts
STEP = "step"  # the metric that says which reports are there: the last one written of each

STATUS = {
    "waiting": "SCHEDULED",
    "running": "RUNNING",
    "complete": "FINISHED",
    "pruned": "KILLED",
    "failed": "FAILED",
    "killed": "KILLED",
}
OPEN = ("SCHEDULED", "RUNNING")
MAX_METRICS = 900  # MLflow takes 1000 entities a batch: this leaves room for params and tags
MAX_TEXT = 5000  # characters; MLflow takes 6000 in a param, 8000 in a tag

Point = tuple[str, float, int, int]
"""key, value, milliseconds, step: the order of ``mlflow.entities.Metric``."""


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


def sweep_tags(sweep: Sweep, trials: Sequence[Trial], state: str) -> dict[str, str]:
    """What a person reads on the sweep's run."""
    tags = {"state": state, "space": sweep.space, "commit": tag(sweep.commit, sweep.dirty)}
    best = best_trial(sweep, trials)
    if best is None:
        return tags
    return tags | {"best_trial_id": best.trial_id, "best_point": short_name(best)}


def sweep_params(sweep: Sweep) -> dict[str, Any]:
    """How the sweep was asked for."""
    return {"sampler": sweep.sampler, "seeds": sweep.seeds, "metric": sweep.metric}


def sweep_metrics(sweep: Sweep, trials: Sequence[Trial]) -> dict[str, float]:
    """The best value, and how many trials are in each state."""
    counts = count_states(sweep, trials)
    metrics = {f"trials/{state}": float(count) for state, count in counts.items()}
    best = best_trial(sweep, trials)
    if best is not None and best.value is not None:
        metrics["best_value"] = best.value
    return metrics


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


def last_value(reports: Sequence[Report]) -> float | None:
    """The value that MLflow shows of a run with these reports."""
    told = [report for report in reports if report.value is not None]
    return max(told, key=lambda report: report.step).value if told else None


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
    losses = [loss for key, loss in newest.items() if key.startswith("train_loss/")]
    return "; ".join(
        alarms(
            newest,
            causal=promised(causal=trial.causal, config=trial.config) == "causal",
            fresh=not trial.config.get("task.train_sequences"),
            train_loss=sum(losses) / len(losses) if losses else None,
        )
    )


def trial_params(sweep: Sweep, trial: Trial) -> dict[str, Any]:
    """The resolved config and the point, flat: the same keys in every run of a sweep.

    A key that some runs lack would draw misleading lines in MLflow's comparison; where a field
    has no effect it shows the base's value.
    """
    resolved = TrialConfig().resolved().flat() | sweep.base | trial.config
    plain = {k: v for k, v in resolved.items() if k.rpartition(".")[2] not in SPELLINGS}
    return plain | trial.point


def report_metrics(reports: Sequence[Report]) -> list[Point]:
    """The curves: every number of every report at its step."""
    points: list[Point] = []
    for report in sorted(reports, key=lambda report: report.step):
        # The value first: MLflow's comparison starts from the first metric of a run.
        numbers = {"value": report.value, **report.metrics}
        numbers.pop(STEP, None)
        numbers.pop("test", None)  # a number of the trial's, not of a curve: see final_metrics
        numbers[STEP] = report.step
        at = milliseconds(report.at)
        known = {key: value for key, value in numbers.items() if value is not None}
        points += [(key, float(value), at, report.step) for key, value in known.items()]
    return points


def final_metrics(trial: Trial) -> list[Point]:
    """What is known once a trial has ended; the same each time, so MLflow keeps it once."""
    if trial.state not in ENDED or trial.finished is None:
        return []
    numbers = {"seconds": trial.seconds, "retries": float(trial.retries)}
    if trial.test is not None:
        numbers["test"] = trial.test
    at = milliseconds(trial.finished)
    return [(key, value, at, trial.step) for key, value in numbers.items()]


def batches(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    """As few as MLflow allows; one empty one when there are none."""
    for start in range(0, max(1, len(points)), MAX_METRICS):
        yield points[start : start + MAX_METRICS]


def milliseconds(moment: datetime) -> int:
    """MLflow's time stamp."""
    return int(moment.timestamp() * 1000)
