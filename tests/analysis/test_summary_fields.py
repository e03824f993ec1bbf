"""What the reference says of ``summary.json`` is what a report writes, key by key."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any, TypedDict

import pytest

from analysis.findings import Findings
from analysis.page.summary import summary
from analysis.page.summary_fields import DATA, Summary, SummaryTable, parts
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.sections import SECTIONS, cards
from analysis.sections.card import KINDS, Kind
from docs import write_reference as reference
from tests.analysis.conftest import write_ledger
from tests.analysis.drawn_sweeps import SWEEPS
from tests.analysis.summary_types import wrong, wrong_of

DESCRIBED = [part for whole in (Summary, *DATA.values()) for part in parts(whole)]


def written(name: str, folder: Path) -> Any:
    write_ledger(folder, SWEEPS[name]())
    found = Findings(study(read_sweep(folder, name)))
    return summary(found.study, cards(found))


def test_a_summary_has_the_keys_that_are_described(tmp_path: Path) -> None:
    seen = set[str]()
    for name in SWEEPS:
        (tmp_path / name).mkdir()
        found = written(name, tmp_path / name)
        assert wrong_of(found) == []
        seen |= found["cards"].keys()
    assert seen == set(SECTIONS) == DATA.keys()


def test_what_is_described_otherwise_is_seen(tmp_path: Path) -> None:
    """Negative control: a key more, a key less, a value of another type, at any depth."""
    found = written("lengths", tmp_path)
    found["more"] = found["sweep"].pop("axes")
    found["metric"]["direction"] = "up"
    data = {name: card["data"] for name, card in found["cards"].items()}
    data["comparisons"]["rows"][0]["difference"] = "large"
    data["verdict"]["gate"]["sure"] = data["verdict"]["gate"].pop("p")
    assert wrong_of(found) == [
        "comparisons.rows[].difference",
        "summary.metric.direction",
        "summary.more",
        "summary.sweep.axes",
        "verdict.gate.p",
        "verdict.gate.sure",
    ]


@pytest.mark.parametrize(
    ("value", "hint"),
    [("abc", list[str]), (["a"], dict[str, str]), (True, int), (True, float), (1, bool), (1, str)],
)
def test_another_kind_of_value_is_seen(value: Any, hint: Any) -> None:
    """Negative control."""
    assert list(wrong(value, hint, "here")) == ["here"]


@pytest.mark.parametrize(
    ("value", "hint"), [(["a"], list[str]), ({"a": 1}, dict[str, float]), (True, bool), (1, float)]
)
def test_the_same_kind_is_not(value: Any, hint: Any) -> None:
    assert list(wrong(value, hint, "here")) == []


def silent(kinds: list[Any]) -> set[str]:
    """The keys without a meaning."""
    return {
        f"{kind.__name__}.{key}"
        for kind in kinds
        for key in kind.__annotations__.keys() - reference._said(kind).keys()
    }


def test_every_key_has_a_meaning() -> None:
    assert silent(DESCRIBED) == set()
    assert len(DESCRIBED) > 20
    assert SummaryTable in DESCRIBED
    assert KINDS.keys() == set(typing.get_args(Kind))


def test_a_key_without_a_meaning_is_seen() -> None:
    """Negative control."""
    assert silent([Silent]) == {"Silent.silent"}


class Silent(TypedDict):
    told: str
    """words"""
    silent: str
