"""Make or change a question in one line, such as ``--vary model.order=1,2 train.dropout=0..0.3``.

Values are a list (``1,2``) or a range with both ends (``0..0.3``). After a colon, ``log`` makes a
range even in its logarithm, and ``tuned`` keeps an axis out of the question (``Axis.tuned``).
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

import search_spaces
from focus_core.config import TrialConfig, check_key, check_size, from_flat, read_value
from focus_core.config.of_export import is_export, read_export
from focus_core.errors import UserError, require
from focus_core.paths import read_file
from search_spaces.axes import Axis, choices
from search_spaces.bases import BASES
from search_spaces.own import is_own
from search_spaces.points import listed
from search_spaces.space import VARIANT, Space

SEEDS, TRIALS, MOST_LISTED = 3, 30, 200
MOST_BYTES = 2**20
"""The largest config that is read; the options of a trial are some kilobytes."""
RIGHT = "name the config.json of a trial or of an export"
"""Seeds of a question in one line; its trials where they are not listed; the most it lists."""
RANGE = re.compile(r"([+-]?[\d_.]*\d(?:e[+-]?\d+)?)\.\.([+-]?[\d_.]*\d(?:e[+-]?\d+)?)", re.I | re.A)
MARKS = ("log", "tuned")


def varied(space: Space, words: Sequence[str]) -> Space:
    """``space`` with the axes of ``words``: each replaces the axis of its key, or is the last axis.

    Raises:
        UserError: a word names no option, no values, or values that the option cannot have.
    """
    axes = {axis.key: axis for axis in space.axes}
    for axis in read_axes(words):
        before = axes.get(axis.key, axis)
        axes[axis.key] = dataclasses.replace(
            axis, when=before.when, tuned=axis.tuned or before.tuned
        )
    return dataclasses.replace(space, axes=tuple(axes.values()))


def question_of(base: TrialConfig, words: Sequence[str]) -> Space:
    """The question that ``words`` ask around ``base``: a grid where its points are few and listed.

    Raises:
        UserError: as for ``varied``.
    """
    axes = read_axes(words)
    is_listed = listed(axes, MOST_LISTED) is not None
    return Space(
        question=f"What does {' and '.join(axis.key for axis in axes if not axis.tuned)} change?",
        base=lambda: base,
        axes=axes,
        seeds=SEEDS,
        trials=None if is_listed else TRIALS,
        sampler="grid" if is_listed else "tpe",
        pruner=None,
        name=name_of(words),
    )


def name_of(words: Sequence[str]) -> str:
    """The name of a question that ``words`` ask; no option needs to be known for it."""
    keys = [word.partition("=")[0] for word in words]
    return "-".join(key.rpartition(".")[2] for key in keys)[:80]


def read_base(word: str | None) -> TrialConfig:
    """The base that ``--base`` names: one of ``BASES``, a space's base, or a trial's config file.

    Raises:
        UserError: there is none, or the file cannot be read.
    """
    if word is None or word in BASES:
        return BASES[word or "far_recall"]()
    if word.endswith(".json"):
        return _from_file(Path(word))
    known = [*BASES, *search_spaces.names()]
    if not is_own(word) and word not in known:
        near = difflib.get_close_matches(word, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise UserError(f"unknown --base {word[:60]!r}: no base, space or config.json; {hint}")
    return search_spaces.load(word).base()


def read_axes(words: Sequence[str]) -> tuple[Axis, ...]:
    """The axes of ``words``, each KEY=VALUES.

    Raises:
        UserError: as for ``varied``.
    """
    axes = [_axis(word) for word in words]
    keys = [axis.key for axis in axes]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    require(twice is None, f"--vary {twice} is given twice: write all its values in one list")
    return tuple(axes)


def _axis(word: str) -> Axis:
    key, equals, text = word.partition("=")
    require(
        bool(equals and text),
        f"--vary {word[:60]!r} must be KEY=VALUES, such as model.order=1,2,4 or "
        "train.learning_rate=1e-4..1e-2:log",
    )
    if key != VARIANT:
        check_key(key)
    text, marks = _marks(text)
    ends = RANGE.fullmatch(text)
    tuned = "tuned" in marks
    if ends is not None:
        return Axis(
            key=key, distribution=_range(key, *ends.groups(), log="log" in marks), tuned=tuned
        )
    require("log" not in marks, f"--vary {key}: log belongs to a range, such as 1e-4..1e-2:log")
    words = text.split(",")
    require("" not in words, f"--vary {key}={text[:60]} has an empty value: leave out a comma")
    require(
        len(words) > 1,
        f"--vary {key}={text[:60]} names one value, which varies nothing: add values, or use "
        f"--set {key}={text[:60]}",
    )
    return choices(key, *(w if key == VARIANT else read_value(key, w) for w in words), tuned=tuned)


def _marks(text: str) -> tuple[str, list[str]]:
    found = []
    while (parts := text.rpartition(":"))[2] in MARKS:
        text = parts[0]
        found.append(parts[2])
    return text, found


def _range(key: str, low: str, high: str, *, log: bool) -> BaseDistribution:
    require(key != VARIANT, f"--vary {key}: variants are listed, with commas between them")
    first, last = read_value(key, low), read_value(key, high)
    kind = type(first)
    require(
        kind in (int, float) and type(last) is kind,
        f"--vary {key}={low}..{high}: only numbers have a range; list the values, with commas",
    )
    assert isinstance(first, int | float)
    assert isinstance(last, int | float)
    check_size(key, first)
    check_size(key, last)
    require(first < last, f"--vary {key}={low}..{high} must go from the smaller to the larger")
    require(not log or first > 0, f"--vary {key}={low}..{high}:log must begin above 0")
    made: Callable[..., BaseDistribution] = IntDistribution if kind is int else FloatDistribution
    return made(first, last, log=log)


def _from_file(path: Path) -> TrialConfig:
    """The base in a JSON file of options by dotted key, as MLflow keeps one of every trial.

    The ``config.json`` of an export has these options too, beside the network's.
    """
    try:
        flat = json.loads(read_file(f"--base {path}", path, MOST_BYTES, RIGHT))
    except UserError:
        raise
    except (ValueError, RecursionError):
        raise UserError(f"--base {path} is no JSON: {RIGHT}") from None
    if is_export(flat):
        trial = read_export(path)["trial"]
        flat = trial.get("config") if isinstance(trial, dict) else None
    require(isinstance(flat, dict), f"--base {path} has no options by key: {RIGHT}")
    return from_flat(flat)
