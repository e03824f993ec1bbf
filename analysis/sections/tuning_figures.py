"""Drawing of tuning curves: each arm together with the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings.tuning import TunedArm
from analysis.sections.card import Theme
from analysis.sections.plot import Plot
from analysis.sections.scales import logarithmic
from analysis.sections.theme import PALETTES, Palette

MOST_PANELS = 12
COLUMNS = 3
TRIES = "random tries"


def curves(arms: Sequence[TunedArm], reference: int | None, metric: str, theme: Theme) -> Figure:
    """One panel per arm, with the reference in grey in each panel."""
    colours = PALETTES[theme]
    others = [arm for arm in arms if arm.number != reference][:MOST_PANELS] or list(arms)
    norm = _norm(arms, reference)
    columns = min(COLUMNS, len(others))
    rows = math.ceil(len(others) / columns)
    figure = Figure(figsize=(max(4.2, 3.2 * columns), 2.5 * rows + 0.3), layout="constrained")
    panels = np.ravel(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False))
    for arm, ax in zip(others, panels, strict=False):
        _draw_pair(arm, norm, ax, colours)
    for empty in panels[len(others) :]:
        empty.set_axis_off()
    panels[0].set_ylim(*_limits(arms))
    for ax in panels[: len(others)]:
        logarithmic(ax, "x")
    for ax in panels[max(0, len(others) - columns) : len(others)]:
        ax.tick_params(labelbottom=True)  # also in a panel above an empty place
    figure.supxlabel(TRIES, fontsize=9.5)
    figure.supylabel(_scores_words(metric), fontsize=9.5)
    return figure


def curve_alone(
    arm: TunedArm, arms: Sequence[TunedArm], reference: int | None, metric: str
) -> Plot:
    """One panel of ``curves``: that of ``arm``, which is one of ``arms``."""

    def draw(ax: Axes, colours: Palette) -> None:
        _draw_pair(arm, _norm(arms, reference), ax, colours)
        ax.set_ylim(*_limits(arms))
        logarithmic(ax, "x")
        ax.set(xlabel=TRIES, ylabel=_scores_words(metric))

    return Plot(size=(4.2, 2.8), draw=draw)


def _norm(arms: Sequence[TunedArm], reference: int | None) -> TunedArm | None:
    return next((arm for arm in arms if arm.number == reference), None)


def _limits(arms: Sequence[TunedArm]) -> tuple[float, float]:
    """The ends of the scale of scores, the same for every arm."""
    scores = [score for arm in arms if arm.curve for score in arm.curve.middle]
    margin = 0.6 * (max(scores) - min(scores)) or 0.05
    return min(scores) - margin, max(scores) + margin


def _scores_words(metric: str) -> str:
    return f"validation {metric} of the best"


def _draw_pair(arm: TunedArm, norm: TunedArm | None, ax: Axes, colours: Palette) -> None:
    if norm is not None and norm is not arm:
        _curve(norm, ax, colours.quiet)
    _curve(arm, ax, colours.accent)
    ax.set_title(arm.name, fontsize=9)


def _curve(arm: TunedArm, ax: Axes, color: str) -> None:
    if arm.curve is None:
        return
    tries = np.arange(1, len(arm.curve.middle) + 1)
    seen = np.concatenate([arm.curve.middle])
    reach = 10 * (np.ptp(seen) or 1.0)  # an open end is drawn far away in place of infinity
    low = np.maximum(arm.curve.low, seen.min() - reach)
    high = np.minimum(arm.curve.high, seen.max() + reach)
    ax.fill_between(tries, low, high, color=color, alpha=0.2, linewidth=0)
    ax.plot(tries, seen, color=color, linewidth=1.8)
