"""A report's numbers under the names that people look for in MLflow.

A dozen numbers have a name without a slash: the score with its interval, the loss, the leak, a few
costs. All other numbers are in groups: MLflow's charts make a section from the text before the last
slash. The numbers of seed 0 are in ``seed/0``. A number of layer 1, over all seeds, has a name like
``layer/pole_radius_max_1``.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from focus_core.metrics import names, over_seeds, score_of
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.progress import ENDED

STEP = "trial/step"  # says which reports MLflow has: it is the last metric written of each
TOP = names("MLflow's top")
LEVEL = 0.95
MAX_METRICS = 900  # MLflow takes 1000 entities a batch: this leaves room for params and tags
PART = re.compile(r"([a-z]+)(\d+)")

Point = tuple[str, float, int, int]
"""key, value, milliseconds, step: the order of ``mlflow.entities.Metric``."""


def score_key(sweep: Sweep) -> str:
    """The metric by which trials are compared, such as ``validation_accuracy``."""
    return f"validation_{_metric(sweep)}"


def test_key(sweep: Sweep) -> str:
    """The metric of the test score, such as ``test_accuracy``."""
    return f"test_{_metric(sweep)}"


def report_points(sweep: Sweep, reports: Sequence[Report]) -> list[Point]:
    """The curves: every number of every report at its step."""
    points: list[Point] = []
    for report in sorted(reports, key=lambda report: report.step):
        at = milliseconds(report.at)
        numbers = report_numbers(sweep, report) | {STEP: report.step}
        points += [(key, float(value), at, report.step) for key, value in numbers.items()]
    return points


def report_numbers(sweep: Sweep, report: Report) -> dict[str, float]:
    """One report under MLflow's names; the test score itself is in ``final_points``."""
    overall, by_seed = _split(report.metrics)
    scores = by_seed.get("value", {}) if report.value is not None else {}
    found: dict[str, float] = {}
    if report.value is not None:
        found[score_key(sweep)] = report.value
        found |= _interval(sweep, score_key(sweep), scores)
    if scores and by_seed.get("test", {}).keys() == scores.keys():
        found |= _interval(sweep, test_key(sweep), by_seed["test"])
    if scores and by_seed.get("train_loss", {}).keys() == scores.keys():
        found["train_loss"] = statistics.fmean(by_seed["train_loss"].values())
    for name, value in overall.items():
        found[name if name in TOP else f"probe/{name}"] = value
    said = {"value": score_key(sweep), "test": test_key(sweep), "loss": "validation_loss"}
    for name, values in by_seed.items():
        head, _, part = name.partition(".")
        if not part:
            found |= {f"seed/{k}/{said.get(name, name)}": value for k, value in values.items()}
        elif values.keys() == scores.keys():
            merged = over_seeds(head) or statistics.fmean
            found[_part_key(head, part)] = merged(list(values.values()))
    return found


def final_points(sweep: Sweep, trial: Trial) -> list[Point]:
    """The numbers of an ended trial. They are the same in each call, so MLflow keeps them once."""
    if trial.state not in ENDED or trial.finished is None:
        return []
    numbers = {"trial/seconds": trial.seconds, "trial/retries": float(trial.retries)}
    if trial.test is not None:
        numbers[test_key(sweep)] = trial.test
    at = milliseconds(trial.finished)
    return [(key, value, at, trial.step) for key, value in numbers.items()]


def last_value(reports: Sequence[Report]) -> float | None:
    """The score that MLflow shows for a run with these reports."""
    told = [report for report in reports if report.value is not None]
    return max(told, key=lambda report: report.step).value if told else None


def batches(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    """Split ``points`` into as few batches as MLflow allows; without points, one empty batch."""
    for start in range(0, max(1, len(points)), MAX_METRICS):
        yield points[start : start + MAX_METRICS]


def milliseconds(moment: datetime) -> int:
    """A moment as MLflow's time stamp, in milliseconds."""
    return int(moment.timestamp() * 1000)


def seed_interval(values: Sequence[float], *, most: float = math.inf) -> tuple[float, float] | None:
    """The 95 % t interval of a mean over seeds; None for fewer than two.

    The interval comes from one trial alone. The report's intervals also use the noise of the other
    trials.

    Args:
        values: one score per seed, none below 0.
        most: the largest possible score; the interval reaches neither above it nor below 0.
    """
    n = len(values)
    if n < 2 or not all(map(math.isfinite, values)):
        return None
    from scipy.special import stdtrit

    mean = statistics.fmean(values)
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * statistics.stdev(values) / math.sqrt(n)
    return max(0.0, mean - half), min(most, mean + half)


def _part_key(name: str, part: str) -> str:
    """``pole_radius_max`` of ``layer1`` as ``layer/pole_radius_max_1``."""
    match = PART.fullmatch(part)
    return f"{match[1]}/{name}_{match[2]}" if match else f"{part}/{name}"


def _interval(sweep: Sweep, key: str, by_seed: Mapping[str, float]) -> dict[str, float]:
    score = score_of(sweep.metric)
    most = score.bounds[1] if score else math.inf
    ends = seed_interval(list(by_seed.values()), most=most)
    return {f"{key}_low": ends[0], f"{key}_high": ends[1]} if ends else {}


def _split(
    metrics: Mapping[str, float | None],
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Numbers over all seeds by name, and numbers per seed by name and seed; None is left out."""
    overall: dict[str, float] = {}
    by_seed: dict[str, dict[str, float]] = {}
    for key, value in metrics.items():
        name, _, seed = key.rpartition("/")
        if value is None or key in ("step", "test"):
            continue
        if name and seed.isdigit():
            by_seed.setdefault(name, {})[seed] = value
        else:
            overall[key] = value
    return overall, by_seed


def _metric(sweep: Sweep) -> str:
    return re.sub(r"[^\w.-]+", "_", sweep.metric.removeprefix("validation "))
