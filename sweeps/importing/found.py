"""What a source says of its runs, in words of ours; and what was asked of it."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from focus_core.config import Scalar
from focus_core.errors import UserError
from sweeps.command_line import shown
from sweeps.outside import storable
from sweeps.schema import State

Direction = Literal["maximize", "minimize"]
SEED = "seed"
MOST_NAMED = 12
LARGEST = 2**63
"""A whole number from here on is kept as text: no column of a table holds it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The command's words.

    Attributes:
        source: an address, a folder or a file.
        of: the study or experiment in it; None: the only one.
        metric: the score; None where the source says which.
        test: the score on data that nothing was chosen by; None where there is none.
        direction: which way is better; None where the source says so.
        seed: the parameter that is the seed; None: ``seed`` where there is one.
        parameters: which parameters count; None: all that the source calls so.
        step: of a table, the column of the step.
        state: of a table, the column of the state.
    """

    source: str
    of: str | None = None
    metric: str | None = None
    test: str | None = None
    direction: Direction | None = None
    seed: str | None = None
    parameters: Sequence[str] | None = None
    step: str | None = None
    state: str | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the source: one seed of one configuration.

    Attributes:
        name: what the source calls it, for messages.
        parameters: by the source's own names, the seed among them.
        value: the score at the end; NaN or infinite where it was; None where there is none.
        curve: step to score.
        step: how far it came; None where the source says nothing of steps.
    """

    name: str
    parameters: Mapping[str, Scalar]
    state: State
    reason: str | None = None
    error: str | None = None
    value: float | None = None
    test: float | None = None
    curve: Mapping[int, float] = field(default_factory=dict)
    step: int | None = None
    started: datetime | None = None
    finished: datetime | None = None
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """A source, read.

    Attributes:
        name: its own name, for the sweep where no other is given.
        kind: what it is, for people: ``the Optuna study``.
        runs: in the order in which they were begun.
        axes: by parameter, as ``search_spaces.axes`` describes them, where the source says what a
            parameter could be; what is missing is inferred from the values.
        notes: what a person should know of how it was read, a sentence each.
    """

    name: str
    kind: str
    metric: str
    direction: Direction
    runs: Sequence[Run]
    axes: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    notes: Sequence[str] = ()


def scalar(value: Any) -> Scalar:
    """A parameter's value as the ledger keeps it: what is no plain value becomes its JSON text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < LARGEST else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return storable(value)
    return storable(json.dumps(value, sort_keys=True, default=str))


def flat(nested: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A nested mapping with its keys joined by ``/``, as Ray Tune and MLflow show it."""
    found: dict[str, Any] = {}
    for key, value in nested.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{name}/")
        else:
            found[name] = value
    return found


def number(value: Any) -> float | None:
    """A score; None where there is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def existing(name: str, names: Iterable[str], what: str, flag: str) -> str:
    """``name``, which must be one of ``names``.

    Raises:
        UserError: it is not (names the nearest).
    """
    known = sorted(set(names))
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {listed(known)}"
    raise UserError(f"{flag} {shown(name)}: no such {what}; {hint}")


def the_metric(asked: str | None, names: Iterable[str], *, said: str | None = None) -> str:
    """The score that decides: asked for, said by the source, or the only one that there is.

    Raises:
        UserError: there is no such score, none at all, or several.
    """
    known = sorted(set(names))
    if not known:
        raise UserError("no run has a score: there is nothing to report on yet")
    if asked is not None:
        return existing(asked, known, "score", "--metric")
    if said in known:
        return said
    if len(known) > 1:
        raise UserError(f"there are several scores, {listed(known)}: choose one with --metric")
    return known[0]


def the_direction(asked: Direction | None, metric: str) -> Direction:
    """Which way is better.

    Raises:
        UserError: nobody says so.
    """
    if asked is None:
        raise UserError(
            f"nothing says whether more of {shown(metric)} is better: add --direction maximize or "
            "--direction minimize"
        )
    return asked


def only(asked: str | None, names: Sequence[str], what: str, where: str) -> str:
    """The study or experiment that is meant.

    Raises:
        UserError: there is none, not this one, or several.
    """
    if asked is not None and names:
        return existing(asked, names, what, "--of")
    if not names:
        raise UserError(f"{where} holds no {what}")
    if len(names) > 1:
        raise UserError(f"{where} holds several: choose one of {listed(names)} with --of")
    return names[0]


def listed(names: Sequence[str]) -> str:
    """Some names for a message."""
    return ", ".join(names[:MOST_NAMED]) + " ..." * (len(names) > MOST_NAMED)
