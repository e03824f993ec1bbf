"""Drawing of tuning curves: each arm together with the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings.tuning import TunedArm
from analysis.sections.card import Theme
from analysis.sections.scales import logarithmic
from analysis.sections.theme import PALETTES

MOST_PANELS = 12
COLUMNS = 3


def curves(arms: Sequence[TunedArm], reference: int | None, metric: str, theme: Theme) -> Figure:
    """One panel per arm, with the reference in grey in each panel."""
    colours = PALETTES[theme]
    others = [arm for arm in arms if arm.number != reference][:MOST_PANELS] or list(arms)
    norm = next((arm for arm in arms if arm.number == reference), None)
    columns = min(COLUMNS, len(others))
    rows = math.ceil(len(others) / columns)
    figure = Figure(figsize=(max(4.2, 3.2 * columns), 2.5 * rows + 0.3), layout="constrained")
    panels = np.ravel(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False))
    for arm, ax in zip(others, panels, strict=False):
        if norm is not None and norm is not arm:
            _curve(norm, ax, colours.quiet)
        _curve(arm, ax, colours.accent)
        ax.set_title(arm.name, fontsize=9)
    for empty in panels[len(others) :]:
        empty.set_axis_off()
    scores = [score for arm in arms if arm.curve for score in arm.curve.middle]
    margin = 0.6 * (max(scores) - min(scores)) or 0.05
    panels[0].set_ylim(min(scores) - margin, max(scores) + margin)
    for ax in panels[: len(others)]:
        logarithmic(ax, "x")
    for ax in panels[max(0, len(others) - columns) : len(others)]:
        ax.tick_params(labelbottom=True)  # also in a panel above an empty place
    figure.supxlabel("random tries", fontsize=9.5)
    figure.supylabel(f"validation {metric} of the best", fontsize=9.5)
    return figure


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
