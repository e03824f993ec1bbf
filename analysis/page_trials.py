"""The table of all trials, and the counts that stand above it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.markup import NONE, Html, chip, fixed, join, quiet, table, tag
from analysis.reading.arms import VARIANT, short

Data = Mapping[str, Any]

FEW_AXES = 3
LONG_TABLE = 8  # rows; a longer one is folded away
STRIP_WIDTH, STRIP_HEIGHT, MARGIN = 120, 18, 5
SHOWN_STATES = ("complete", "pruned", "failed", "killed", "running", "waiting", "not_started")


def counts(summary: Data) -> Html:
    """How every trial ended, none left out."""
    found = summary["counts"]
    tiles = [_tile(found["planned"], "planned")]
    tiles += [_tile(found[state], state.replace("_", " ")) for state in SHOWN_STATES]
    tiles += [_tile(found["diverged_seeds"], "diverged seeds"), _tile(found["leaky"], "leaky")]
    parts = [tag("div", *tiles, class_="tiles")]
    if found["reused"]:
        parts.append(tag("p", quiet(f"{found['reused']} trained earlier, by another sweep.")))
    parts += [_by_axis(summary), *_what_went_wrong(summary["trials"])]
    return join(parts)


def trials(summary: Data) -> Html:
    """One row a trial, in the order of asking; leaky ones marked."""
    axes = [str(axis["key"]) for axis in summary["sweep"]["axes"]]
    span = _span(summary["trials"])

    def stands(trial: Data) -> list[Html]:
        """For its arm, where that was chosen among several."""
        return [chip("chosen")] if summary["tuned"] and trial["chosen"] else []

    chance = next((row["chance"] for row in summary["certificates"] if row["chance"]), None)
    names = ["arm" if key == VARIANT else short(key) for key in axes]
    scores = ["state", "validation", "test", "n", "test, drawn"]
    few = len(axes) <= FEW_AXES  # the scores stay in sight
    head = ["#", *names, *scores] if few else ["#", *scores, *names]
    rows = []
    for trial in summary["trials"]:
        point = [_point(trial["point"], key) for key in axes]
        found = [
            join([_state(trial), *stands(trial)]),
            _interval(trial["validation"]),
            _interval(trial["test"]),
            trial["test"]["n"] if trial["test"] else NONE,
            _strip(trial, span, chance),
        ]
        seeds = tag("span", _each_seed(trial), class_="quiet small")
        identity = tag("code", trial["trial_id"], class_="quiet")
        middle = [*point, *found] if few else [*found, *point]
        rows.append([trial["number"], *middle, seeds, identity])
    return table([*head, "each seed", "id"], rows, label="All trials")


def _point(point: Data, key: str) -> object:
    """The trial's value of an axis; a dash where the axis is inactive."""
    value = point.get(key, NONE)
    if value is None:
        return "none"
    return f"{value:.3g}" if isinstance(value, float) else value


def _tile(count: int, name: str) -> Html:
    return tag("div", tag("b", count), tag("span", name), class_=f"tile{' zero' * (count == 0)}")


def _by_axis(summary: Data) -> Html:
    rows = summary["counts_by_arm"]
    states = ("pruned", "failed", "killed", "running", "waiting", "diverged_seeds")
    if not any(row[state] for row in rows for state in states):
        return Html("")
    head = ["axis", "choice", "complete", *(state.replace("_", " ") for state in states)]
    cells = [
        [short(row["axis"]), row["choice"], row["complete"], *(row[state] for state in states)]
        for row in rows
    ]
    counted = table(head, cells, label="Counts by arm")
    if len(cells) > LONG_TABLE:
        return tag("details", tag("summary", "By arm"), counted)
    return join([tag("h3", "By arm"), counted])


def _what_went_wrong(found: Sequence[Data]) -> list[Html]:
    ended = [t for t in found if t["state"] in ("failed", "killed", "pruned") and t["reason"]]
    if not ended:
        return []
    rows = [
        [t["number"], t["name"], _state(t), tag("span", t["reason"], class_="wrap")] for t in ended
    ]
    traces = [
        tag("details", tag("summary", f"Traceback of trial {t['number']}"), tag("pre", t["error"]))
        for t in ended
        if t["error"]
    ]
    head = ["#", "trial", "state", "why"]
    return [tag("h3", "Not complete"), table(head, rows, label="Trials not complete"), *traces]


def _state(trial: Data) -> Html:
    marks = [chip(trial["state"])]
    if trial["diverged"]:
        seeds = f"seed{'s' * (len(trial['diverged']) > 1)} {', '.join(trial['diverged'])}"
        marks.append(chip(f"diverged: {seeds}", "diverged"))
    if trial["leaky"]:
        marks.append(chip("LEAKY"))
    if trial["best"]:
        marks.insert(0, chip("best"))
    return join(marks)


def _interval(interval: Data | None) -> Html:
    if interval is None:
        return NONE
    mean = tag("b", fixed(interval["mean"]))
    if interval["low"] is None:
        return mean
    bounds = quiet(f" [{fixed(interval['low'], 2)}, {fixed(interval['high'], 2)}]")
    return join([mean, bounds])


def _each_seed(trial: Data) -> str:
    if trial["test"]:
        return " ".join(fixed(v) for v in trial["tests"].values())
    # seeds only, never a mean: an early value does not compare with a full one
    values = " ".join(fixed(v) for v in trial["values"].values() if v is not None)
    return f"{values} (validation, step {trial['step']} of {trial['steps']})" if values else ""


def _span(found: Sequence[Data]) -> tuple[float, float]:
    ends = [
        end
        for t in found
        if t["test"]
        for end in (t["test"]["low"], t["test"]["high"], *t["tests"].values())
        if end is not None
    ]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _strip(trial: Data, span: tuple[float, float], chance: float | None) -> Html:
    """Seeds, mean and interval of one trial on the scale that all rows share."""
    test = trial["test"]
    if not test:
        return Html("")

    def x(value: float) -> str:
        share = (value - span[0]) / (span[1] - span[0])
        return f"{MARGIN + share * (STRIP_WIDTH - 2 * MARGIN):.1f}"

    middle = STRIP_HEIGHT / 2
    marks = [_line(MARGIN, STRIP_WIDTH - MARGIN, middle, "axis")]
    if chance is not None and span[0] <= chance <= span[1] and math.isfinite(chance):
        at = x(chance)
        marks.append(tag("line", x1=at, x2=at, y1=1, y2=STRIP_HEIGHT - 1, class_="chance"))
    if test["low"] is not None:
        marks.append(_line(x(test["low"]), x(test["high"]), middle, "bar"))
    marks += [
        tag("circle", cx=x(v), cy=middle, r=3, class_="seed") for v in trial["tests"].values()
    ]
    marks.append(tag("circle", cx=x(test["mean"]), cy=middle, r=4, class_="mean"))
    size = {"width": STRIP_WIDTH, "height": STRIP_HEIGHT}
    words = f"mean {fixed(test['mean'])}, each seed {_each_seed(trial)}"
    return tag("svg", *marks, class_="strip", role="img", aria_label=words, **size)


def _line(x1: object, x2: object, y: float, kind: str) -> Html:
    return tag("line", x1=x1, x2=x2, y1=y, y2=y, class_=kind)
