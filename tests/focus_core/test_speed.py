"""Time against length: medians and the budget by a clock that is turned by hand."""

from collections.abc import Callable
from typing import Literal

import pytest
import torch

from focus_core.tools.speed import (
    LEAST,
    LENGTHS,
    MOST,
    Shape,
    Work,
    build_work,
    median_ms,
    one_thread,
    time_lengths,
)
from search_spaces.variants import VARIANTS
from tests.focus_core.causality import small_config


class Clock:
    """Moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def work(self, *seconds: float) -> Work:
        """Takes these seconds, one after the other, and then the last again and again."""
        calls = iter(seconds)
        last = [0.0]

        def work() -> None:
            last[0] = next(calls, last[0])
            self.now += last[0]

        return work


def test_the_median_leaves_the_first_run_out() -> None:
    clock = Clock()
    assert median_ms(clock.work(50.0, 1.0, 3.0, 2.0), clock) == pytest.approx(2000)


@pytest.mark.parametrize(("each", "runs"), [(1.0, LEAST), (0.001, MOST), (0.06, LEAST)])
def test_quick_work_is_measured_more_often(each: float, runs: int) -> None:
    clock = Clock()
    median_ms(clock.work(each), clock)
    assert clock.now == pytest.approx(100 + (1 + runs) * each)


def test_times_are_those_of_each_network_at_each_length() -> None:
    clock = Clock()

    def linear(length: int) -> tuple[Work, Work]:
        return clock.work(length / 1000), clock.work(3 * length / 1000)

    def square(length: int) -> tuple[Work, Work]:
        return clock.work(length**2 / 1e5), clock.work(3 * length**2 / 1e5)

    lengths = [64, 128, 256]
    found = time_lengths({"a": linear, "b": square}, lengths, seconds=1e6, clock=clock)
    laws: dict[str, Callable[[int], float]] = {"a": lambda n: n, "b": lambda n: n**2 / 100}
    for name, forward_ms in laws.items():
        assert [row.length for row in found[name]] == lengths
        for row in found[name]:
            assert row.forward_ms == pytest.approx(forward_ms(row.length))
            assert row.step_ms == pytest.approx(3 * forward_ms(row.length))


def test_the_budget_holds_and_the_slow_one_stops_first() -> None:
    clock = Clock()
    builds = {
        "quick": lambda length: (clock.work(length / 1e5),) * 2,
        "slow": lambda length: (clock.work(length**2 / 1e5),) * 2,
    }
    lengths = [2**n for n in range(6, 14)]
    found = time_lengths(builds, lengths, seconds=20, clock=clock)
    assert clock.now - 100 <= 20
    assert 1 <= len(found["slow"]) < len(found["quick"])
    # negative control: without a limit both go all the way
    assert len(time_lengths(builds, lengths, seconds=1e9, clock=clock)["slow"]) == len(lengths)


def test_one_that_needs_too_much_memory_stops() -> None:
    """Bytes grow with the square of the length: 1 GiB at 256 means 4 GiB at 512, not above."""
    now = [0]

    def build(length: int) -> tuple[Work, Work]:
        now[0] = 7 + 2**30 * length**2 // 256**2
        return (lambda: None,) * 2

    found = time_lengths({"a": build}, LENGTHS, seconds=1e9, peak=lambda: now[0] or 7)
    assert [row.length for row in found["a"]] == [64, 128, 256, 512]


def test_the_first_length_is_always_measured() -> None:
    clock = Clock()
    found = time_lengths(
        {"slow": lambda _: (clock.work(99.0),) * 2}, [64, 128], seconds=1, clock=clock
    )
    assert [row.length for row in found["slow"]] == [64]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_network_can_be_timed_at_lengths_not_its_own(variant: str) -> None:
    for length in (5, 40):
        forward, step = build_work(small_config(variant), Shape(7, 3, "each"), length)
        forward()
        step()


@pytest.mark.parametrize(("vocab_size", "readout"), [(None, "mean"), (None, "each"), (7, "mean")])
def test_numbers_go_in_and_a_mean_comes_out(
    vocab_size: int | None, readout: Literal["each", "mean"]
) -> None:
    for work in build_work(small_config(), Shape(vocab_size, 3, readout), 24):
        work()


def test_one_thread_is_for_the_timing_only() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
