"""Two axes that act on each other: which are shown, with which raw cells, and how surely."""

from __future__ import annotations

import itertools

import numpy as np

from tests.analysis.test_axis_findings import LR, A, B, choices, found, grid, random_points, rising


def test_two_axes_that_act_on_each_other_are_found_with_their_raw_cells() -> None:
    points = random_points(80)
    result = found(
        points,
        lambda p: 0.3 * ((p["model.a"] == 1) == (p["model.b"] == "x")),
        [A, B, LR],
        trial=0.02,
    )
    first = result.interactions[0]
    assert (first.rows, first.columns) == ("a", "b")
    assert first.p_holm is not None
    assert first.p_holm < 0.01
    for row, column in itertools.product(range(3), range(2)):
        inside = [p for p in points if (p["model.a"], p["model.b"]) == (row + 1, "xy"[column])]
        assert first.counts[row][column] == len(inside)


def test_the_own_pair_of_the_flagship_is_always_shown() -> None:
    bins, factor = choices("model.bin_length", 64, 32), choices("model.nfft_factor", 1, 2)
    result = found(
        grid(factor, A, B, bins),
        lambda p: p["model.a"] * (p["model.b"] == "x"),
        [factor, A, B, bins],
    )
    shown = [{pair.rows, pair.columns} for pair in result.interactions]
    assert shown == [{"bin_length", "nfft_factor"}, {"a", "b"}]


def test_without_an_effect_no_interaction_is_sure() -> None:
    """Negative control."""
    sure = [
        pair.p_holm is not None and pair.p_holm <= 0.05
        for number in range(15)
        for pair in found(random_points(40, number), rising, [A, B, LR], trial=0.02, number=number)
        .interactions[:1]
    ]  # fmt: skip
    assert np.mean(sure) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 15)
