"""Time left: by hand, against a simulated list schedule, and how it is said."""

import heapq
import random
from collections.abc import Callable

import pytest

from sweeps.showing.pace import Pace, Range, duration, span
from sweeps.showing.progress import Progress
from sweeps.showing.sparkline import sparkline
from tests.narrowing import known
from tests.sweeps.listener_rows import ended, make_report, make_sweep, make_trial


def test_time_left_by_hand() -> None:
    now = [0.0]
    progress, sweep = Progress(clock=lambda: now[0]), make_sweep(planned=4)
    progress.start(sweep, [ended(9, value=0.1)], {})  # of an earlier launch: not measured
    assert progress.remaining() is None
    now[0] = 10.0
    progress.update(sweep, make_trial(0))
    progress.update(sweep, make_trial(1))
    now[0] = 40.0
    progress.report(sweep, make_trial(0), make_report(make_trial(0), 400))
    progress.report(sweep, make_trial(1), make_report(make_trial(1), 300))
    progress.update(sweep, ended(0))
    assert progress.seconds() == 40.0
    # 0.075 and 0.1 s a step; 100 steps of trial 1 and 400 of the one not yet asked for remain,
    # on two workers: at least an even share, at most that and half of the longest trial
    left = known(progress.remaining())
    assert left.low == pytest.approx((100 * 0.1 + 400 * 0.075) / 2)
    assert left.high == pytest.approx((100 * 0.1 + 400 * 0.1) / 2 + 400 * 0.1 / 2)


def test_a_resumed_trial_counts_only_what_it_trains_now() -> None:
    now = [0.0]
    progress, sweep, trial = Progress(clock=lambda: now[0]), make_sweep(planned=1), make_trial()
    progress.start(sweep, [make_trial(state="waiting")], {trial.id: [make_report(trial, 300)]})
    progress.update(sweep, trial)
    now[0] = 5.0
    progress.report(sweep, trial, make_report(trial, 350))
    assert progress.remaining() == pytest.approx((5.0, 5.0))  # 50 steps in 5 s, 50 to go


def test_a_reused_trial_measures_nothing() -> None:
    progress, sweep = Progress(), make_sweep(planned=2)
    progress.start(sweep, [], {})
    for step in (200, 400):
        progress.report(sweep, ended(0), make_report(ended(0), step))
    assert progress.remaining() is None


def schedule(jobs: list[float], workers: int) -> float:
    """When the last of them ends, each on the worker that is free first."""
    free = [0.0] * workers
    for job in jobs:
        heapq.heappush(free, heapq.heappop(free) + job)
    return max(free)


def share_held(spread: float, claims: Callable[[Range], Range] = lambda left: left) -> float:
    """How often the range holds what then happens; every sweep draws its trials' costs anew."""
    chance = random.Random(0)
    held: list[bool] = []
    for _ in range(300):
        workers, trials = chance.randint(1, 6), chance.randint(8, 40)
        costs = [chance.lognormvariate(0, spread) for _ in range(trials)]
        begun = chance.randint(4, trials - 1)
        pace = Pace(lambda: 0.0)
        pace.costs = dict(enumerate(costs[:begun]))
        left = claims(known(pace.remaining([], [100.0] * (trials - begun), workers=workers)))
        took = schedule([100 * cost for cost in costs[begun:]], workers)
        held.append(left.low - 1e-6 <= took <= left.high + 1e-6)
    return sum(held) / len(held)


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.5])
def test_the_range_holds_what_then_happens(spread: float) -> None:
    assert share_held(spread) >= 0.9


def test_a_range_half_as_wide_does_not() -> None:
    """Negative control."""

    def halved(left: Range) -> Range:
        middle, half = (left.low + left.high) / 2, (left.high - left.low) / 4
        return Range(middle - half, middle + half)

    assert share_held(0.5, halved) < 0.9


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (59, "59 s"), (75, "1 min 15 s"), (3 * 3600, "3 h 0 min")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.0, 3.0, "about 5 s left"),
        (720, 900, "12 to 15 min left"),
        (722, 725, "about 12 min left"),
        (60, 240, "60 s to 4 min left"),
        (3600, 9000, "60 min to 2.5 h left"),
        (36000, 40000, "10 to 11 h left"),
    ],
)
def test_span(low: float, high: float, text: str) -> None:
    assert span(Range(low, high)) == text


def test_a_sparkline_rises_with_its_values_and_is_never_too_long() -> None:
    assert sparkline([0.0, 0.25, 0.5, 0.75, 1.0], 0.0, 1.0) == "▁▃▅▇█"
    assert sparkline([0.0, None, float("nan"), 1.0], 0.0, 1.0) == "▁  █"
    assert sparkline([0.5], 0.5, 0.5) == "▅"
    assert sparkline([], 0.0, 1.0) == ""
    long = sparkline([k / 999 for k in range(1000)], 0.0, 1.0, width=12)
    assert (len(long), long[0], long[-1]) == (12, "▁", "█")
    assert list(long) == sorted(long)
    assert sparkline([0.0, 0.5, 1.0], 0.0, 1.0, ascii_only=True) == "_=#"
