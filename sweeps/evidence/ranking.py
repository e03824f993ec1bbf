"""Which trials may be called best: one rule for the terminal, MLflow, the audit and the report.

A trial that is declared or measured to see the future is shown, but never ranked. ``analysis``
imports this module too, so it imports neither torch nor Ray.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from focus_core.metrics import limit
from sweeps.evidence.alarms import promised


class Scored(Protocol):
    """A trial: a row of the ledger, or an arm of the report."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def value(self) -> float | None: ...
    @property
    def causal(self) -> bool: ...
    @property
    def config(self) -> dict[str, Any]: ...


T = TypeVar("T", bound=Scored)


def largest(name: str, reports: Iterable[Mapping[str, float | None]]) -> float | None:
    """The largest absolute value that a number ever had, in any seed.

    Args:
        name: the number's name, such as ``leak``; ``leak/0`` is the leak of seed 0.
        reports: a trial's reports, step by step; the ledger stores a NaN as None.

    Returns:
        NaN if the number was ever NaN; None if it was never reported.
    """
    sizes = [
        math.nan if amount is None else abs(amount)
        for numbers in reports
        for key, amount in numbers.items()
        if key == name or key.startswith(f"{name}/")
    ]
    return max(sizes, key=lambda size: (math.isnan(size), size), default=None)


def is_leaky(*, causal: bool, config: Mapping[str, Any], leak: float | None) -> bool:
    """Whether a trial is declared or measured to see the future.

    Args:
        causal: ``Trial.causal``: False where the trial is declared leaky.
        config: the canonical config, flat.
        leak: the largest leak measured; None: no leak was measured. A NaN counts as a leak.
    """
    promise = promised(causal=causal, config=config)
    if promise == "bidirectional" or leak is None:
        return promise == "LEAKY"
    return promise == "LEAKY" or not abs(leak) <= limit("leak")


def may_rank(trial: Scored, leak: float | None) -> bool:
    """Whether a trial used its full budget, no seed diverged, and it does not see the future."""
    whole = trial.state == "complete" and trial.value is not None and math.isfinite(trial.value)
    return whole and not is_leaky(causal=trial.causal, config=trial.config, leak=leak)


def best_of(ranked: Iterable[T], *, maximize: bool) -> T | None:
    """The trial with the best validation score, the earlier of equal ones; None without trials.

    Args:
        ranked: the trials that may be ranked.
        maximize: whether a larger score is better.
    """
    sign = 1 if maximize else -1
    return max(ranked, key=lambda trial: (sign * (trial.value or 0.0), -trial.number), default=None)


class Leaks:
    """The largest leak of each trial, while its reports come in."""

    def __init__(self) -> None:
        self._by_step: dict[int, dict[int, float]] = {}

    def hear(self, trial_row: int, step: int, metrics: Mapping[str, float | None]) -> None:
        """Take in a report; where a step is trained again, the last one counts, as in the ledger.

        Args:
            trial_row: ``Trial.id``.
            step: the step of the report.
            metrics: the numbers of the report.
        """
        leak = largest("leak", [metrics])
        if leak is not None:
            self._by_step.setdefault(trial_row, {})[step] = leak

    def largest(self, trial_row: int) -> float | None:
        """The trial's largest leak; NaN if it was ever NaN, None if nothing was measured."""
        return largest(
            "leak", [{"leak": leak} for leak in self._by_step.get(trial_row, {}).values()]
        )
