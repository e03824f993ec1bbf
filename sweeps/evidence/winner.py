"""The winner of a sweep, and the reference that its trials are compared with, as in the report.

``analysis`` finds both from its own tables; a test checks that the two answers are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sweeps.evidence.ranking import best_of, largest, may_rank
from sweeps.record.reader import Rows, TrialRow


def winner(rows: Rows) -> TrialRow | None:
    """The trial that is best on validation among the ranked ones; the earlier of equal trials."""
    return _best([trial for trial in rows.trials if _is_ranked(trial)], rows)


def reference(rows: Rows) -> TrialRow | None:
    """The base's own trial, else the variant ``base``, else the first arm trained in full.

    Where axes are tuned, the best trial of an arm stands for the arm.
    """
    tuned = [str(axis["key"]) for axis in rows.sweep.axes if axis.get("tuned")]
    groups: dict[str, list[TrialRow]] = {}
    for trial in rows.trials:
        name = repr(sorted(_without(trial.point, tuned))) if tuned else str(trial.number)
        groups.setdefault(name, []).append(trial)
    ranked = [[trial for trial in group if _is_ranked(trial)] for group in groups.values()]
    arms = [best for group in ranked if (best := _best(group, rows)) is not None]
    base = _without(rows.sweep.base, tuned)
    own = [arm for arm in arms if _without(arm.config, tuned) == base]
    named = [arm for arm in arms if arm.variant == "base"]
    return next(iter([*own, *named, *arms]), None)


def _without(config: Mapping[str, Any], keys: Sequence[str]) -> list[tuple[str, Any]]:
    return sorted((key, value) for key, value in config.items() if key not in keys)


def _best(trials: Sequence[TrialRow], rows: Rows) -> TrialRow | None:
    return best_of(trials, maximize=rows.sweep.direction == "maximize")


def _is_ranked(trial: TrialRow) -> bool:
    return may_rank(trial, largest("leak", [report.metrics for report in trial.reports]))
