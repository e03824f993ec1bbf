"""Which figures a sweep has, and their files."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import figures
from analysis.reading.arms import VARIANT
from analysis.reading.tuned import compared_axes

Data = Mapping[str, Any]

MAX_CURVES = 20  # trials with a panel of their own
DPI = 130


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure that has been written: its file's stem, words for those who cannot see it, SVG."""

    name: str
    alt: str
    svg: bytes


def draw_all(summary: Data, curves: pa.Table, folder: Path) -> dict[str, Picture]:
    """Draw what the sweep has numbers for into ``folder`` as PNG and SVG; by name."""
    folder.mkdir()
    painters: dict[str, tuple[str, Callable[[Data, pa.Table], Figure | None]]] = {
        "effects": ("Score at each level of each axis", _effects),
        "heat_map": ("Score for each pair of levels", _heat),
        "curves": ("Validation score over training steps, one panel a trial", _curves),
        "importances": ("Importance of each axis with intervals", _importances),
        "differences": ("Difference from the reference, seed by seed", _differences),
    }
    found = {}
    with sns.axes_style("whitegrid"), mpl.rc_context(figures.STYLE):
        for name, (alt, paint) in painters.items():
            figure = paint(summary, curves)
            if figure is not None:
                found[name] = Picture(name=name, alt=alt, svg=save(figure, folder / name))
    return found


def reference_lines(summary: Data) -> dict[str, float]:
    """Chance and the window ceiling, each only where all trials share it.

    None where less is better: a guesser's bits lie so far off that they would flatten all else.
    """
    if summary["sweep"]["direction"] == "minimize":
        return {}
    lines = {}
    for key, name in (("chance", "chance"), ("window_ceiling", "window ceiling")):
        values = {row[key] for row in summary["certificates"] if row[key] is not None}
        if len(values) == 1:
            lines[name] = values.pop()
    return lines


def compares_variants(summary: Data) -> bool:
    """True if all that is compared are named variants."""
    return [axis["key"] for axis in compared_axes(summary["sweep"]["axes"])] == [VARIANT]


def save(figure: Figure, stem: Path) -> bytes:
    """Write ``stem``.png and ``stem``.svg; the latter's bytes."""
    figure.savefig(stem.with_suffix(".png"), dpi=DPI)
    figure.set_layout_engine("none")  # laid out once is enough
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})  # the same bytes every time
    stem.with_suffix(".svg").write_bytes(buffer.getvalue())
    return buffer.getvalue()


def _metric(summary: Data) -> str:
    return str(summary["sweep"]["metric"]).removeprefix("validation ")


def _effects(summary: Data, _: pa.Table) -> Figure | None:
    arms = [t for t in summary["trials"] if t["chosen"] and t["test"] is not None]
    metric, lines = f"test {_metric(summary)}", reference_lines(summary)
    if compares_variants(summary):
        if not arms:
            return None
        sign = 1 if summary["sweep"]["direction"] == "minimize" else -1
        arms.sort(key=lambda t: (t["leaky"], sign * t["test"]["mean"]))
        figure = Figure(figsize=(8.6, 1.2 + 0.36 * len(arms)), layout="constrained")
        figures.scores_by_arm(arms, metric=metric, lines=lines, ax=figure.subplots())
        return figure
    effects = summary["effects"]
    if not effects:
        return None
    figure, panels = _panels(len(effects), columns=min(3, len(effects)), height=3.3)
    for effect, ax in zip(effects, panels, strict=True):
        figures.main_effect(effect, metric=metric, lines=lines, ax=ax)
    return figure


def _heat(summary: Data, _: pa.Table) -> Figure | None:
    heat = summary["heat_map"]
    if heat is None:
        return None
    size = (2.6 + 1.5 * len(heat["column_levels"]), 1.3 + 0.72 * len(heat["row_levels"]))
    figure = Figure(figsize=size, layout="constrained")
    figures.heat_map(heat, metric=f"test {_metric(summary)}", ax=figure.subplots())
    return figure


def _curves(summary: Data, curves: pa.Table) -> Figure | None:
    by_trial = _validation_curves(curves)
    trials = [t for t in summary["trials"] if t["chosen"] and t["number"] in by_trial]
    if not trials:
        return None
    if len(trials) > MAX_CURVES:
        trials = sorted(trials, key=lambda t: _rank(t, summary))[:MAX_CURVES]
    figure, panels = _panels(len(trials), columns=min(4, len(trials)), height=1.9, share=True)
    lines = reference_lines(summary)
    for trial, ax in zip(trials, panels, strict=True):
        state = "diverged" if trial["diverged"] else trial["state"]
        state = "LEAKY" if trial["leaky"] else state
        seeds = by_trial[trial["number"]]
        title = trial["name"].replace(" ", "\n", 1) if len(trial["name"]) > 24 else trial["name"]
        figures.learning_curve(seeds, title=title, state=state, lines=lines, ax=ax)
    figure.supxlabel("step", fontsize=9.5)
    figure.supylabel(f"validation {_metric(summary)}", fontsize=9.5)
    return figure


def _rank(trial: Data, summary: Data) -> float:
    score = trial["validation"]["mean"] if trial["validation"] else None
    if score is None:
        return math.inf
    return float(-score if summary["sweep"]["direction"] == "maximize" else score)


def _importances(summary: Data, _: pa.Table) -> Figure | None:
    rows = summary["importances"]["axes"]
    if not rows:
        return None
    figure = Figure(figsize=(7.6, 1.1 + 0.62 * len(rows)), layout="constrained")
    figures.importance(rows, ax=figure.subplots())
    return figure


def _differences(summary: Data, _: pa.Table) -> Figure | None:
    rows = [row for row in summary["comparisons"] if "difference" in row]
    if not rows:
        return None
    figure = Figure(figsize=(8.6, 1.2 + 0.36 * len(rows)), layout="constrained")
    ax = figure.subplots()
    metric = f"test {_metric(summary)}"
    figures.differences(rows, reference=summary["reference"], metric=metric, ax=ax)
    return figure


def _panels(
    count: int, *, columns: int, height: float, share: bool = False
) -> tuple[Figure, Sequence[Axes]]:
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(min(9.6, 3.8 * columns), height * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=share, sharey=share)
    panels = list(np.ravel(grid))
    for empty in panels[count:]:
        empty.set_axis_off()
    for lowest in panels[max(0, count - columns) : count]:
        lowest.tick_params(labelbottom=True)
    return figure, panels[:count]


def _validation_curves(
    curves: pa.Table,
) -> dict[int, dict[int, tuple[list[int], list[float]]]]:
    """Trial number to seed to (steps, scores)."""
    chosen = curves.filter(
        pc.and_(pc.equal(curves["metric"], "value"), pc.is_valid(curves["seed"]))
    )
    found: dict[int, dict[int, tuple[list[int], list[float]]]] = {}
    for row in chosen.sort_by([("number", "ascending"), ("step", "ascending")]).to_pylist():
        seeds = found.setdefault(row["number"], {})
        steps, scores = seeds.setdefault(row["seed"], ([], []))
        steps.append(row["step"])
        scores.append(row["amount"])
    return found
