"""What scores cost: budgets, Pareto fronts, the search's history, times of trials, growth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.findings.budgets import Budget, budgets
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.statistics.pareto import pareto_front
from analysis.statistics.power_law import PowerLaw, power_law
from focus_core.metrics import names

PRICES = names("price")
LENGTH = "task.length"
GROWING = ("seconds_per_step", "peak_bytes")
SAME_PRICE = 0.02  # relative spread of prices up to which there is no front


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One arm in a plot of quality against price."""

    number: int
    name: str
    price: float
    score: float
    worst: float
    best: float
    front: bool


@dataclass(frozen=True, kw_only=True)
class Front:
    """Quality against one price.

    Attributes:
        price: one of ``PRICES``.
        offers: the arms that may be ranked and whose price is known, in the order of asking.
    """

    price: str
    offers: tuple[Offer, ...]

    @property
    def best(self) -> list[Offer]:
        """The offers that no other offer beats, the cheapest first."""
        return sorted((o for o in self.offers if o.front), key=lambda o: o.price)


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How one cost grows with the sequence length, with the other settings fixed.

    Attributes:
        cost: one of ``GROWING``.
        name: the other settings, as text.
        sizes: sequence lengths, in order.
        costs: the cost at each length.
        law: the power law fitted to the costs.
    """

    cost: str
    name: str
    sizes: tuple[float, ...]
    costs: tuple[float, ...]
    law: PowerLaw


@dataclass(frozen=True, kw_only=True)
class Span:
    """When one trial ran, in seconds since the first one began, and on which line it is drawn."""

    number: int
    state: str
    start: float
    end: float
    line: int


@dataclass(frozen=True, kw_only=True)
class CostFindings:
    """What the trials of a study cost.

    Attributes:
        budgets: one row per arm.
        fronts: one front for each price that varies.
        history: (number of ended trials, number of the best trial so far, its validation score)
            whenever the best trial changes; empty for a grid.
        spans: the trials that ran, in the order of their starts.
        seconds: training time over all trials that this sweep trained itself.
        wall: seconds from the first start to the last end.
        growth: power laws; empty where the length does not vary.
    """

    budgets: tuple[Budget, ...]
    fronts: tuple[Front, ...]
    history: tuple[tuple[int, int, float], ...]
    spans: tuple[Span, ...]
    seconds: float
    wall: float
    growth: tuple[Growth, ...]


def cost_findings(study: Study) -> CostFindings:
    """Everything that the section on cost shows."""
    spans = _spans(study)
    return CostFindings(
        budgets=budgets(study),
        fronts=tuple(front for price in PRICES if (front := _front(study, price))),
        history=_history(study),
        spans=spans,
        seconds=math.fsum(arm.seconds for arm in study.trials if not arm.reused_from),
        wall=max((span.end for span in spans), default=0.0),
        growth=tuple(_growth(study)),
    )


def _front(study: Study, price: str) -> Front | None:
    known = [arm for arm in study.ranked if arm.test is not None and _known(arm, price)]
    prices = np.array([arm.constants[price] for arm in known])
    if len(known) < 2 or prices.max() <= prices.min() * (1 + SAME_PRICE):
        return None
    quality = study.metric.sign * np.array([arm.test for arm in known], dtype=float)
    on_front = set(pareto_front(prices, quality))
    offers = []
    for k, arm in enumerate(known):
        tests = list(arm.scores("test").values())
        offers.append(
            Offer(
                number=arm.number,
                name=arm.name,
                price=float(prices[k]),
                score=float(arm.test or 0.0),
                worst=min(tests),
                best=max(tests),
                front=k in on_front,
            )
        )
    return Front(price=price, offers=tuple(offers))


def _known(arm: Arm, price: str) -> bool:
    value = arm.constants.get(price, math.nan)
    return math.isfinite(value) and value > 0


def _history(study: Study) -> tuple[tuple[int, int, float], ...]:
    """Changes of the best trial, in the order of ending, or of asking where a time is unknown.

    Empty for a grid, because a grid does not search.
    """
    if study.about["sampler"] == "grid":
        return ()
    ended = [arm for arm in study.trials if arm.ranked and arm.value is not None]
    if all(arm.finished for arm in ended):
        ended.sort(key=lambda arm: (arm.finished, arm.number))
    sign = study.metric.sign
    steps: list[tuple[int, int, float]] = []
    for count, arm in enumerate(ended, 1):
        value = float(arm.value or 0.0)
        if not steps or sign * value > sign * steps[-1][2]:
            steps.append((count, arm.number, value))
    return tuple(steps)


def _spans(study: Study) -> tuple[Span, ...]:
    """The times of the trials, each on the first free line; a line is not a particular worker."""
    ran = [
        (arm.started, arm.finished, arm)
        for arm in study.trials
        if arm.started and arm.finished and not arm.reused_from
    ]
    ran.sort(key=lambda times: (times[0], times[2].number))
    free: list[float] = []
    spans = []
    for started, finished, arm in ran:
        start = (started - ran[0][0]).total_seconds()
        end = max(start, (finished - ran[0][0]).total_seconds())
        line = next((k for k, until in enumerate(free) if until <= start), len(free))
        free[line : line + 1] = [end]
        spans.append(Span(number=arm.number, state=arm.state, start=start, end=end, line=line))
    return tuple(spans)


def _growth(study: Study) -> list[Growth]:
    if LENGTH not in {str(axis["key"]) for axis in study.axes}:
        return []
    found = []
    for cost in GROWING:
        groups: dict[str, list[tuple[float, float]]] = {}
        for arm in study.arms:
            if LENGTH in arm.point and _known(arm, cost):
                rest = [f"{k.rsplit('.', 1)[-1]}={v}" for k, v in arm.point.items() if k != LENGTH]
                pair = (float(arm.point[LENGTH]), arm.constants[cost])
                groups.setdefault(" ".join(rest), []).append(pair)
        for name, pairs in groups.items():
            sizes, costs = zip(*sorted(pairs), strict=True)
            law = power_law(np.array(sizes), np.array(costs))
            if law:
                found.append(Growth(cost=cost, name=name, sizes=sizes, costs=costs, law=law))
    return found
