"""Drawings of training curves: all arms in one, and a panel for each of some arms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from textwrap import wrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from analysis.findings.curves import Curve
from analysis.reading.arms import VARIANT, Arm, short
from analysis.reading.study import Study
from analysis.sections.panels import Panels, size
from analysis.sections.plot import Plot
from analysis.sections.theme import SERIES, Palette

MOST_PANELS = 12
MOST_NAMED = 14
"""Most arms that get their names at the ends of their lines, if colours do not show groups."""
NAME_GAP = 0.048
"""Smallest distance between two names, as a fraction of the height of the axes."""
TITLE = 24
"""Most characters in a line of a panel's title."""
MOST_GROUPS = len(SERIES)


def overlay(study: Study, found: Sequence[Curve]) -> Plot:
    """All arms in one figure, coloured by the axis that explains most of their final scores."""
    return Plot(size=(8.4, 4.2), draw=partial(_draw_overlay, study, found))


def _draw_overlay(study: Study, found: Sequence[Curve], ax: Axes, colours: Palette) -> None:
    key = main_axis(study, found)
    groups = groups_of(found, key)
    fade = 0.85 if len(found) <= 30 else 0.45
    for curve in found:
        colour = groups.get(_level(curve.arm, key), colours.accent)
        ax.plot(curve.shared, curve.mean, color=colour, alpha=fade, lw=1.5, ls=_dashes(curve.arm))
    if (chance := _chance(study)) is not None:
        ax.axhline(chance, color=colours.quiet, lw=0.9, ls=(0, (4, 3)))
    ax.set_xlabel("step")
    ax.set_ylabel(f"validation {study.metric.name}")
    if len(groups) > 1:
        lines = [Line2D([], [], color=colour, lw=2) for colour in groups.values()]
        ax.legend(
            lines, list(groups), title=axis_name(key), loc="upper left", bbox_to_anchor=(1, 1)
        )
    elif 1 < len(found) <= MOST_NAMED:
        _name_ends(ax, found)


def _name_ends(ax: Axes, found: Sequence[Curve]) -> None:
    """Write each arm's name beside the end of its line, moved up if another name is there.

    Only arms whose lines reach the last step get a name.
    """
    known = [curve for curve in found if curve.mean and math.isfinite(curve.mean[-1])]
    last = max((curve.shared[-1] for curve in known), default=0)
    ended = [curve for curve in known if curve.shared[-1] == last]
    bottom, top = ax.get_ylim()
    free = -math.inf
    for curve in sorted(ended, key=lambda curve: (curve.mean[-1], curve.arm.number)):
        y = max(curve.mean[-1], free)
        at = (1.01, (y - bottom) / (top - bottom))
        ax.text(*at, curve.arm.name, va="center", fontsize=8.5, transform=ax.transAxes)
        free = y + NAME_GAP * (top - bottom)


def by_arm(study: Study, found: Sequence[Curve]) -> Plot:
    """A panel for each of some arms, evenly chosen: every seed, and their mean."""
    shown = arms_shown(found)
    return Plot(size=size(len(shown)), draw=partial(_draw_by_arm, study, shown))


def _draw_by_arm(study: Study, found: Sequence[Curve], ax: Axes, colours: Palette) -> None:
    chance = _chance(study)
    seeds = [line for curve in found for line in curve.seeds.values()]
    panels = Panels(
        ax,
        _titles([curve.arm for curve in found]),
        [step for steps, _ in seeds for step in steps],
        [score for _, scores in seeds for score in scores] + ([] if chance is None else [chance]),
    )
    thin, thick = [], []
    for place, curve in enumerate(found):
        colour = colours.accent if curve.arm.ranked else colours.quiet
        thin += [(place, steps, scores, colour) for steps, scores in curve.seeds.values()]
        thick.append((place, curve.shared, curve.mean, colour))
    panels.draw(thin, alpha=0.4, lw=0.9)
    panels.draw(thick, lw=2)
    if chance is not None:
        guesses = [(place, panels.x, [chance] * 2, colours.quiet) for place in range(len(found))]
        panels.draw(guesses, lw=0.9, ls=(0, (4, 3)))
    panels.finish(colours)
    ax.set(xlabel="step", ylabel=f"validation {study.metric.name}")


def arms_shown(found: Sequence[Curve]) -> list[Curve]:
    """The curves that get a panel each: evenly chosen."""
    return list(found[:: max(1, math.ceil(len(found) / MOST_PANELS))])


def axis_name(key: str | None) -> str:
    return "arm" if key in (None, VARIANT) else short(str(key))


def main_axis(study: Study, found: Sequence[Curve]) -> str | None:
    """The axis for the colours: its levels explain most of the variance of the final scores.

    An axis with one level, or with more levels than colours, is chosen only if there is no other.
    """
    keys = [str(axis["key"]) for axis in study.compared_axes]

    def spread(key: str) -> float:
        groups: dict[str, list[float]] = {}
        for curve in found:
            if curve.mean and math.isfinite(curve.mean[-1]):
                groups.setdefault(str(curve.arm.point.get(key)), []).append(curve.mean[-1])
        if not 1 < len(groups) <= MOST_GROUPS:
            return -1.0
        every = [score for scores in groups.values() for score in scores]
        centre = math.fsum(every) / len(every)
        return sum(len(s) * (math.fsum(s) / len(s) - centre) ** 2 for s in groups.values())

    return max(keys, key=spread, default=None)


def groups_of(found: Sequence[Curve], key: str | None) -> dict[str, str]:
    """Each level to its colour; empty without an axis or with more levels than colours."""
    levels = sorted({_level(curve.arm, key) for curve in found}, key=_order)
    if key is None or len(levels) > MOST_GROUPS:
        return {}
    return dict(zip(levels, SERIES, strict=False))


def _level(arm: Arm, key: str | None) -> str:
    value = arm.point.get(key) if key else None
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _order(level: str) -> tuple[float, str]:
    try:
        return float(level), level
    except ValueError:
        return math.inf, level


def _titles(arms: Sequence[Arm]) -> list[str]:
    """Each arm's title: the settings that vary among these arms, and the state if not ranked."""
    keys = [k for k in arms[0].point if len({str(arm.point.get(k)) for arm in arms}) > 1]

    def title(arm: Arm) -> str:
        parts = [
            _level(arm, k) if k == VARIANT else f"{short(k)} {_level(arm, k)}"
            for k in keys
            if k in arm.point
        ]
        lines = wrap(", ".join(parts) or arm.name, TITLE, max_lines=3, placeholder=" …")
        state = [] if arm.ranked else [f"[{'LEAKY' if arm.leaky else arm.state}]"]
        return "\n".join(lines + state)

    return [title(arm) for arm in arms]


def _dashes(arm: Arm) -> Any:
    return "-" if arm.ranked else (0, (3, 2))


def _chance(study: Study) -> float | None:
    """The level of chance; None if less is better, as its line would then flatten all curves."""
    values = {arm.constants.get("chance") for arm in study.trials if arm.constants}
    return values.pop() if len(values) == 1 and study.metric.maximize else None
