"""Numbers have the digits that their noise leaves, on any scale."""

from __future__ import annotations

import math

import pytest

from analysis.sections.card import Column, Kind
from analysis.sections.digits import NONE, Format, cell_text, format_for, p_value, plain


@pytest.mark.parametrize(
    ("error", "value", "shown"),
    [
        (0.02, 0.7354, "0.735"),
        (0.2, 0.7354, "0.74"),
        (0.002, 1.23456, "1.2346"),
        (3.0, 512.31, "512.3"),
        (40.0, 51234.6, "51235"),
        (3e-7, 1.0234e-5, "1.023e-5"),
        (0.0, 0.5, "0.5000"),
        (6e-17, 0.7, "0.7000"),
    ],
)
def test_a_standard_error_leaves_two_digits_of_itself(
    error: float, value: float, shown: str
) -> None:
    assert format_for([error], [value]).score(value) == shown


@pytest.mark.parametrize("scale", [10.0**power for power in range(-7, 7)])
def test_on_every_scale_two_scores_a_few_errors_apart_read_differently(scale: float) -> None:
    """Three fixed decimals, the negative control, print most of them alike."""
    low, high = 0.700 * scale, 0.703 * scale
    scores = format_for([0.001 * scale], [low, high])
    assert scores.score(low) != scores.score(high)
    assert float(scores.score(high)) == pytest.approx(high, rel=1e-3)
    if scale < 1e-3:
        assert f"{low:.3f}" == f"{high:.3f}"


def test_signs_and_what_is_not_there() -> None:
    scores = Format(digits=3)
    assert scores.difference(0.25) == "+0.250"
    assert scores.difference(-1e-9) == scores.score(-1e-9) == "0.000"
    assert scores.score(None) == NONE
    assert scores.score(math.nan) == "not finite"
    assert scores.interval(0.1, None) == "at least 0.100"
    assert scores.interval(None, 0.1, signed=True) == "at most +0.100"
    assert (p_value(0.0), p_value(0.03), p_value(None)) == ("< 0.001", "0.030", NONE)


def test_a_number_that_is_no_score_has_its_own_digits() -> None:
    assert [plain(x) for x in (1234.5, 12.345, 0.01234, 1.5e-8, 0.0)] == [
        "1,234",
        "12.3",
        "0.0123",
        "1.5e-08",
        "0",
    ]


def test_a_cell_reads_as_its_column_says() -> None:
    scores = Format(digits=2)

    def cell(kind: Kind, value: object, unit: str = "") -> str:
        return cell_text(Column(title="", kind=kind, unit=unit), value, scores)

    assert cell("number", 0.5) == "0.50"
    assert cell("number", 52431.0, "s") == "52,431"
    assert cell("count", 3e-4) == "0.0003"
    assert cell("count", "none") == "none"
    assert cell("interval", (None, None)) == NONE
    assert cell("interval", (1.0, None), "s") == "1.00 to open"
    assert cell("mark", ["failed", "LEAKY"]) == "failed, LEAKY"
    assert cell("text", None) == NONE
