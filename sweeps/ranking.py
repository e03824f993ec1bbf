"""Who may be called best: one rule for the terminal, MLflow, the audit and the report.

A trial that sees the future, by its own word or by what was measured, is shown and never ranked.
For ``analysis`` too, hence neither torch nor Ray here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from focus_core.metrics import limit
from sweeps.alarms import promised


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
    """The largest size that a number ever had, in any seed.

    Args:
        name: such as ``leak``; ``leak/0`` is that of seed 0.
        reports: what a trial said, step by step; None is how the ledger keeps a NaN.

    Returns:
        NaN where it was NaN once; None where it was never told.
    """
    sizes = [
        math.nan if amount is None else abs(amount)
        for numbers in reports
        for key, amount in numbers.items()
        if key == name or key.startswith(f"{name}/")
    ]
    return max(sizes, key=lambda size: (math.isnan(size), size), default=None)


def is_leaky(*, causal: bool, config: Mapping[str, Any], leak: float | None) -> bool:
    """Declared or measured to see the future.

    Args:
        causal: its row's: False where it is declared leaky.
        config: canonical and flat.
        leak: the largest that was measured; None: none was. A NaN shows nothing, and counts.
    """
    promise = promised(causal=causal, config=config)
    if promise == "bidirectional" or leak is None:
        return promise == "LEAKY"
    return promise == "LEAKY" or not abs(leak) <= limit("leak")


def may_rank(trial: Scored, leak: float | None) -> bool:
    """Trained to its full budget with every seed alive, and no sight of the future."""
    whole = trial.state == "complete" and trial.value is not None and math.isfinite(trial.value)
    return whole and not is_leaky(causal=trial.causal, config=trial.config, leak=leak)


def best_of(ranked: Iterable[T], *, maximize: bool) -> T | None:
    """The one with the best validation score; the earlier of equals. None where there is none.

    Args:
        ranked: those that may rank.
        maximize: whether more is better.
    """
    sign = 1 if maximize else -1
    return max(ranked, key=lambda trial: (sign * (trial.value or 0.0), -trial.number), default=None)


class Leaks:
    """The largest leak of each trial, while its reports come in."""

    def __init__(self) -> None:
        self._by_step: dict[int, dict[int, float]] = {}

    def hear(self, trial_row: int, step: int, metrics: Mapping[str, float | None]) -> None:
        """One report; of a step that is trained again, the last one counts, as in the ledger.

        Args:
            trial_row: ``Trial.id``.
            step: of the report.
            metrics: its numbers.
        """
        leak = largest("leak", [metrics])
        if leak is not None:
            self._by_step.setdefault(trial_row, {})[step] = leak

    def largest(self, trial_row: int) -> float | None:
        """NaN where it was NaN once; None where nothing was measured."""
        return largest(
            "leak", [{"leak": leak} for leak in self._by_step.get(trial_row, {}).values()]
        )
