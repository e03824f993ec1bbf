"""``--where KEY=VALUE``: a report on only the trials that have this value."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis.reading.ledger import Restriction, SweepData
from focus_core.config import known_keys, read_value
from focus_core.config.keys import spellings
from focus_core.errors import UserError
from sweeps.commands.command_line import shown

NOTHING = object()
"""In place of a value: the field has no effect on the trial."""
MOST_VALUES = 12


@dataclasses.dataclass(frozen=True)
class _Trial:
    point: Mapping[str, Any]
    config: Mapping[str, Any]

    def value(self, key: str) -> Any:
        """The trial's value, as it was proposed or as it was trained; else ``NOTHING``."""
        for known in (self.point, self.config):
            if key in known:
                return known[key]
        return NOTHING


def where(data: SweepData, words: Sequence[str]) -> SweepData:
    """Only the trials that have every one of these values; with no words, all of them.

    Args:
        data: a sweep, or several to compare.
        words: ``KEY=VALUE`` each, with the value as ``--set`` spells it. A key is a key of the
            config or of an axis.

    Raises:
        UserError: words that are not KEY=VALUE or repeat a key, an unknown key (naming the
            nearest), a value of the wrong kind, or a value that no trial has.
    """
    if not words:
        return data
    table = data.trials
    trials = [
        _Trial(json.loads(point), json.loads(config))
        for point, config in zip(
            table["point"].to_pylist(), table["config"].to_pylist(), strict=True
        )
    ]
    kept = [True] * len(trials)
    for key, word in _pairs(words).items():
        _check_key(key, data, trials)
        values = [trial.value(key) for trial in trials]
        wanted = _wanted(key, word, values)
        kept = [k and _same(value, wanted) for k, value in zip(kept, values, strict=True)]
    if not any(kept):
        raise UserError(f"--where: no trial has {' and '.join(words)} at once")
    return _only(data, tuple(words), kept)


def _pairs(words: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in words:
        key, equals, word = pair.partition("=")
        if not equals:
            raise UserError(f"--where {shown(pair)} must be KEY=VALUE, such as model.order=2")
        if key in found:
            raise UserError(f"--where {shown(key)} is given twice: keep one of the two values")
        found[key] = word
    return found


def _check_key(key: str, data: SweepData, trials: Sequence[_Trial]) -> None:
    axes = [str(axis["key"]) for axis in data.about["axes"]]
    if key in axes:
        return
    of_trials = {name for trial in trials for name in trial.config}
    ours = set(known_keys()) if of_trials & set(known_keys()) else set()  # none for another tool
    spelt = {name: out for name, out in spellings().items() if name in ours}
    if key in spelt:
        raise UserError(
            f"--where {key} is a way to write {spelt[key]}, and no axis of this sweep: use "
            f"{spelt[key]}"
        )
    known = sorted({*axes, *of_trials, *ours} - spelt.keys())
    if key in known:
        return
    by_field = {name.rpartition(".")[2]: name for name in known}
    near = difflib.get_close_matches(key, known, n=1)
    near += [by_field[name] for name in difflib.get_close_matches(key, by_field, n=1)]
    hint = f"did you mean {near[0]!r}?" if near else f"the axes are {', '.join(axes) or 'none'}"
    raise UserError(f"--where {shown(key)}: no such key; {hint}")


def _wanted(key: str, word: str, values: Sequence[Any]) -> Any:
    """The value that ``word`` stands for.

    Raises:
        UserError: the word is not a value of the field's kind, or no trial has this value.
    """
    there = list({_spelling(value): value for value in values if value is not NOTHING}.items())
    wanted: Any
    if key in known_keys():
        wanted = read_value(key, word)
        found = any(_same(value, wanted) for _, value in there)
    else:  # not a config field: compare it with the trials' values
        wanted = next((value for _, value in there if _says(word, value)), NOTHING)
        found = wanted is not NOTHING
    if not found:
        names = sorted((name for name, _ in there), key=lambda name: (len(name), name))
        listed = ", ".join(names[:MOST_VALUES]) + " ..." * (len(names) > MOST_VALUES)
        rest = f"its values are {listed}" if there else "it has no effect on any of them"
        raise UserError(f"--where: no trial has {shown(f'{key}={word}')}; {rest}")
    return wanted


def _same(value: Any, wanted: Any) -> bool:
    """Whether both are equal and of one kind: here True is not 1, but 2.0 is 2."""
    both = (value, wanted)
    return (
        value is not NOTHING and len({isinstance(v, bool) for v in both}) == 1 and (value == wanted)
    )


def _says(word: str, value: Any) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(word) == value
        except ValueError:
            return False
    return word == _spelling(value)


def _spelling(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _only(data: SweepData, words: tuple[str, ...], kept: Sequence[bool]) -> SweepData:
    trials = data.trials.filter(pa.array(kept, pa.bool_()))
    numbers = data.trials["number"].to_pylist()
    left_out = tuple(number for number, keep in zip(numbers, kept, strict=True) if not keep)
    curves = data.curves.filter(pc.is_in(data.curves["number"], trials["number"].combine_chunks()))
    return dataclasses.replace(
        data,
        about=data.about | {"planned": max(0, data.about["planned"] - len(left_out))},
        trials=trials,
        curves=curves,
        restriction=Restriction(
            words=words,
            left_out=left_out,
            total=len(numbers),
            began=pc.min(data.trials["started"]).as_py(),
        ),
    )
