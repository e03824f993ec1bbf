"""The stated plan of a sweep, and how the sweep deviated from the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sweeps.record.plan_history import AskedAt, Said, standing


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One change of the plan.

    Attributes:
        at: when it was asked for, in UTC.
        words: what changed, such as ``5 seeds a trial, not 3``.
        late: whether a trial had begun by then, so that its results may have led to the change.
        paid: whether the change is only more seeds; the intervals pay for each look.
    """

    at: datetime
    words: str
    late: bool
    paid: bool = False


@dataclass(frozen=True, kw_only=True)
class SaidPlan:
    """The current hypothesis and margin, and every change of the plan in order.

    Attributes:
        hypothesis: the hypothesis in the user's words; empty where none was stated.
        margin: the largest difference without practical importance; None where none was stated.
        hypothesis_before: whether this hypothesis was stated before the first trial began.
        margin_before: whether this margin was stated before the first trial began.
        deviations: everything that a later launch changed.
    """

    hypothesis: str = ""
    margin: float | None = None
    hypothesis_before: bool = False
    margin_before: bool = False
    deviations: tuple[Deviation, ...] = ()


def said_plan(rows: Sequence[AskedAt], began: datetime | None) -> SaidPlan:
    """The plan and its deviations, from the ledger's rows.

    Args:
        rows: from ``plan_history.read_asked``.
        began: when the first trial began, here or in the sweep that it was taken from; None where
            no trial has.
    """
    last = standing(rows)

    def before(key: str) -> bool:
        """Whether the current value was stated before the first trial and has not changed since."""
        own = [row.said.get(key) == last.get(key) for row in rows]
        since = len(own) - next((n for n, same in enumerate(reversed(own)) if not same), len(own))
        return key in last and (began is None or rows[since].at <= began)

    return SaidPlan(
        hypothesis=last.get("hypothesis", ""),
        margin=last.get("margin"),
        hypothesis_before=before("hypothesis"),
        margin_before=before("margin"),
        deviations=tuple(
            Deviation(
                at=now.at,
                words=words,
                # A trial that is trained again had begun before, whatever its row says now.
                late="again" in now.said or (began is not None and now.at > began),
                paid=paid,
            )
            for then, now in pairwise(rows)
            for words, paid in _changes(then.said, now.said)
        ),
    )


def _changes(then: Said, now: Said) -> list[tuple[str, bool]]:
    """Each change in words, and whether the intervals pay for it."""
    changes = [
        (describe(then.get(key), now[key]), key == "seeds" and now[key] > then.get(key, 0))
        for key, describe in _WORDS.items()
        if key in now and now[key] != then.get(key)
    ]
    more, known = now.get("more", {}), then.get("more", {})
    changes += [
        (f"{count} seeds of trial {trial_id} alone", count > known.get(trial_id, 0))
        for trial_id, count in more.items()
        if known.get(trial_id) != count
    ]
    return changes + ([(_AGAIN[now["again"]], False)] if "again" in now else [])


_AGAIN = {
    "--rerun": "--rerun: what had been trained was trained again",
    "--retry-failed": "--retry-failed: failed trials were tried again",
}
_WORDS: dict[str, Callable[[Any, Any], str]] = {
    "seeds": lambda then, now: f"{now} seeds a trial, not {then}",
    "trials": lambda then, now: f"{now} trials, not {then}",
    "sampler": lambda then, now: f"sampler {now}, not {then}",
    "code": lambda then, now: f"trained by other code: {then} -> {now}",
    "hypothesis": lambda then, now: (
        f"the hypothesis {now!r}, not {then!r}" if then else f"the hypothesis {now!r}"
    ),
    "margin": lambda then, now: (
        f"a margin of {now:g}, not {then:g}" if then is not None else f"a margin of {now:g}"
    ),
}
