"""What a source says of its runs, in this program's terms; and what the command asks of it."""

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
from sweeps.commands.command_line import shown
from sweeps.machine.foreign_text import storable
from sweeps.record.schema import State

Direction = Literal["maximize", "minimize"]
SEED = "seed"
MOST_NAMED = 12
LARGEST = 2**63
"""A whole number of this size or more is kept as text, because no table's column holds it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options of the import command.

    Attributes:
        source: an address, a folder or a file.
        of: the study or experiment in the source; None: the only one.
        metric: the score; None where the source says which.
        test: the score on data that was not used for any choice; None where there is none.
        direction: which way is better; None where the source says so.
        seed: the parameter that holds the seed; None: ``seed`` where there is one.
        parameters: which parameters count; None: all parameters of the source.
        step: the column of the step, for a table.
        state: the column of the state, for a table.
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
        name: the source's name for the run, used in messages.
        parameters: by the source's own names, including the seed.
        value: the score at the end, which may be NaN or infinite; None where there is none.
        curve: the scores by step.
        step: the last step of the run; None where the source says nothing of steps.
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
    """The content of a source.

    Attributes:
        name: the source's own name, used for the sweep where no other name is given.
        kind: what the source is, in words for people, such as ``the Optuna study``.
        runs: all runs; their order decides the numbers of the trials.
        axes: by parameter, as ``search_spaces.axes`` describes them, where the source says what a
            parameter could be; the axes of other parameters are inferred from the values.
        notes: what a person should know of how the source was read, one sentence each.
    """

    name: str
    kind: str
    metric: str
    direction: Direction
    runs: Sequence[Run]
    axes: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    notes: Sequence[str] = ()


def scalar(value: Any) -> Scalar:
    """A parameter's value as the ledger keeps it: a value that is not plain becomes JSON text."""
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
    """A score as a float; None where ``value`` is not a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def existing(name: str, names: Iterable[str], what: str, flag: str) -> str:
    """``name``, which must be one of ``names``.

    Raises:
        UserError: it is not one of them; the message names the nearest.
    """
    known = sorted(set(names))
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {listed(known)}"
    raise UserError(f"{flag} {shown(name)}: no such {what}; {hint}")


def the_metric(asked: str | None, names: Iterable[str], *, said: str | None = None) -> str:
    """The score that decides: the one asked for, the one that the source names, or the only one.

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
        UserError: the command does not say.
    """
    if asked is None:
        raise UserError(
            f"nothing says whether more of {shown(metric)} is better: add --direction maximize or "
            "--direction minimize"
        )
    return asked


def only(asked: str | None, names: Sequence[str], what: str, where: str) -> str:
    """The study or experiment that is meant: the one asked for, or the only one.

    Raises:
        UserError: there is none, or not the one asked for, or several and none was asked for.
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
