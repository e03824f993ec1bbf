"""Drawings of costs: quality against price, the search, the workers, growth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings.costs import Front, Growth, Offer, Span
from analysis.reading.metric import Metric
from analysis.reading.study import Study
from analysis.sections.card import Theme
from analysis.sections.plot import Plot
from analysis.sections.reported import label
from analysis.sections.scales import logarithmic
from analysis.sections.theme import PALETTES, Palette
from focus_core.metrics import REPORTED

MOST_OFFERS = 150
MOST_NAMED = 8
MOST_BARS = 400
MOST_LINES = 6
MOMENTS = 300
MOST_BESIDE = 2
"""Panels in a row if there are more than three panels."""


def fronts(found: Sequence[Front], metric: Metric, theme: Theme) -> Figure:
    """One panel per kind of price; the line is the Pareto front."""
    columns = len(found) if len(found) <= 3 else MOST_BESIDE
    rows = math.ceil(len(found) / columns)
    size = (max(4.6, 3.5 * columns), 3.0 * rows + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for front, ax in zip(found, panels.flat, strict=True):
        _draw_front(front, ax, PALETTES[theme])
    for ax in panels[:, 0]:
        ax.set_ylabel(f"test {metric.name}")
    return figure


def front_alone(front: Front, metric: Metric) -> Plot:
    """One panel of ``fronts``."""

    def draw(ax: Axes, colours: Palette) -> None:
        _draw_front(front, ax, colours)
        ax.set_ylabel(f"test {metric.name}")

    return Plot(size=(4.6, 3.4), draw=draw)


def _draw_front(front: Front, ax: Axes, colours: Palette) -> None:
    unit_size = REPORTED[front.price].unit_size
    offers = _some(front.offers)
    for chosen, color in ((False, colours.quiet), (True, colours.accent)):
        part = [offer for offer in offers if offer.front is chosen]
        x = [offer.price / unit_size for offer in part]
        ax.vlines(x, [o.worst for o in part], [o.best for o in part], color=color, alpha=0.45)
        ax.scatter(x, [o.score for o in part], s=30 if chosen else 18, color=color, zorder=3)
    best = front.best
    x, y = [o.price / unit_size for o in best], [o.score for o in best]
    ax.step(x, y, where="post", color=colours.accent, linewidth=1.2)
    places = list(zip(x, y, strict=True))
    for count, place in enumerate(places, 1):
        # numbered as in the words; of offers at one place, only the first number is drawn
        if count <= MOST_NAMED and place not in places[: count - 1]:
            ax.annotate(
                str(count),
                place,
                xytext=(5, 4),
                textcoords="offset points",
                fontsize=8.5,
                color=colours.ink,
            )
    ax.set_xlabel(label(front.price))
    prices = [offer.price for offer in offers]
    if max(prices) > 10 * min(prices):
        logarithmic(ax, "x")


def _some(offers: Sequence[Offer]) -> list[Offer]:
    """The front, and an even selection of at most ``MOST_OFFERS`` other offers."""
    every = max(1, -(-len(offers) // MOST_OFFERS))
    return [offer for k, offer in enumerate(offers) if offer.front or k % every == 0]


def history(steps: Sequence[tuple[int, int, float]], study: Study) -> Plot:
    """The best validation score so far against the number of trials."""
    return Plot(size=(6.4, 2.8), draw=partial(_draw_history, steps, study))


def _draw_history(
    steps: Sequence[tuple[int, int, float]], study: Study, ax: Axes, colours: Palette
) -> None:
    ended = sum(arm.ranked for arm in study.trials)
    x = [count for count, _, _ in steps]
    y = [value for _, _, value in steps]
    ax.step([*x, max(ended, x[-1])], [*y, y[-1]], where="post", color=colours.accent)
    ax.scatter(x, y, s=22, color=colours.accent, zorder=3)
    ax.set(xlabel="trials trained in full", ylabel=f"best validation {study.metric.name} so far")
    if ended > 100:
        logarithmic(ax, "x")


def timeline(spans: Sequence[Span]) -> Plot:
    """One bar per trial; for more than ``MOST_BARS`` trials, the number that ran at a time."""
    if len(spans) > MOST_BARS:
        return Plot(size=(7.6, 2.4), draw=partial(_draw_at_a_time, spans))
    lines = 1 + max(span.line for span in spans)
    return Plot(size=(7.6, 1.2 + min(4.0, 0.26 * lines)), draw=partial(_draw_bars, spans, lines))


def _unit(spans: Sequence[Span]) -> tuple[float, str]:
    """The unit of a timeline, in seconds, and its name."""
    return (3600.0, "hours") if max(s.end for s in spans) > 7200 else (60.0, "minutes")


def _draw_bars(spans: Sequence[Span], lines: int, ax: Axes, colours: Palette) -> None:
    unit, name = _unit(spans)
    by_state = {"complete": colours.accent, "pruned": colours.quiet, "failed": colours.bad}
    states = [state for state in by_state if any(span.state == state for span in spans)]
    others = any(span.state not in by_state for span in spans)
    for state in [*states, *(["other"] if others else [])]:
        part = [s for s in spans if (s.state if s.state in by_state else "other") == state]
        ax.barh(
            [span.line for span in part],
            [(span.end - span.start) / unit for span in part],
            left=[span.start / unit for span in part],
            height=0.8,
            color=by_state.get(state, colours.warm),
            edgecolor=colours.ground,
            linewidth=0.8,
            label=state,
        )
    ax.set_yticks([])
    ax.set_ylim(lines - 0.4, -0.6)
    ax.set(xlabel=f"{name} since the first trial began", ylabel="at a time")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, fontsize=8)


def _draw_at_a_time(spans: Sequence[Span], ax: Axes, colours: Palette) -> None:
    unit, name = _unit(spans)
    starts, ends = np.sort([s.start for s in spans]), np.sort([s.end for s in spans])
    moments = np.linspace(0.0, ends[-1], MOMENTS)
    running = np.searchsorted(starts, moments, side="right")
    running = running - np.searchsorted(ends, moments, side="right")
    ax.fill_between(moments / unit, running, step="mid", color=colours.accent, alpha=0.4)
    ax.set(xlabel=f"{name} since the first trial began", ylabel="trials at a time")


def growth(found: Sequence[Growth], theme: Theme) -> Figure:
    """Cost against length on two logarithmic axes, where a power law is a straight line."""
    costs = costs_of(found)
    figure = Figure(figsize=(4.2 * len(costs), 3.2), layout="constrained")
    for cost, ax in zip(costs, figure.subplots(1, len(costs), squeeze=False)[0], strict=True):
        _draw_growth(found, cost, ax, PALETTES[theme])
    return figure


def costs_of(found: Sequence[Growth]) -> list[str]:
    """The costs whose growth is known."""
    return list(dict.fromkeys(grown.cost for grown in found))


def growth_alone(found: Sequence[Growth], cost: str) -> Plot:
    """One panel of ``growth``."""
    return Plot(size=(4.2, 3.2), draw=partial(_draw_growth, found, cost))


def _draw_growth(found: Sequence[Growth], cost: str, ax: Axes, colours: Palette) -> None:
    unit_size = REPORTED[cost].unit_size
    shown = [grown for grown in found if grown.cost == cost][:MOST_LINES]
    for k, grown in enumerate(shown):
        color = (colours.accent, colours.warm, colours.good, colours.bad)[k % 4]
        ends = np.array([min(grown.sizes), max(grown.sizes)])
        words = f"{grown.name} (power {grown.law.exponent:.2f})".strip()
        ax.scatter(grown.sizes, np.array(grown.costs) / unit_size, s=22, color=color)
        line = grown.law.factor * ends**grown.law.exponent / unit_size
        ax.plot(ends, line, color=color, linestyle=("-", "--")[k // 4], label=words)
    ax.set(xlabel="length", ylabel=label(cost))
    logarithmic(ax, "x")
    logarithmic(ax, "y")
    ax.set_xticks(sorted({x for grown in shown for x in grown.sizes}))
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.legend(fontsize=8)
