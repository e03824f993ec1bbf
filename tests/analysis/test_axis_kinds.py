"""None among an axis's choices, and every other kind of axis: point, ledger, table, point again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from analysis import report
from analysis.reading.arms import Arm, arms
from analysis.reading.ledger import read_sweep
from focus_core.config import TrialConfig
from focus_core.errors import UserError
from search_spaces.axes import Axis, restored
from search_spaces.points import draw
from tests.analysis.conftest import make_sweep, make_trial, write_ledger

KINDS: dict[str, Any] = {
    "None and int": CategoricalDistribution((None, 4, 16)),
    "None and float": CategoricalDistribution((0.5, None, 1.0)),
    "None and word": CategoricalDistribution(("a", None)),
    "None and bool": CategoricalDistribution((None, True, False)),
    "None alone": CategoricalDistribution((None,)),
    "bool": CategoricalDistribution((True, False)),
    "bool and word": CategoricalDistribution((True, "auto", False)),
    "int and float": CategoricalDistribution((1, 0.5, 2)),
    "int and word": CategoricalDistribution((1, "1", "all")),
    "a word like a number": CategoricalDistribution(("1", "1e3", "none", "true", "nan")),
    "a single choice": CategoricalDistribution((8,)),
    "int": IntDistribution(-2, 9),
    "int, log": IntDistribution(1, 64, log=True),
    "int, stepped": IntDistribution(2, 20, step=3),
    "float": FloatDistribution(-1.0, 1.0),
    "float, log": FloatDistribution(1e-9, 1e9, log=True),
    "float, stepped": FloatDistribution(0.1, 0.9, step=0.1),
}
OTHER = Axis(key="model.bin_length", distribution=CategoricalDistribution((8, 16)))


def home_with(folder: Path, axis: Axis, *, absent: bool, trials: int = 9) -> list[dict[str, Any]]:
    """A ledger of one sweep over ``axis`` and another one; returns its points, in order.

    Args:
        folder: the home.
        axis: of any kind.
        absent: is the axis inactive in every third trial?
        trials: how many.
    """
    draws = random.Random(repr(axis))
    points = []
    for number in range(trials):
        inactive = absent and number % 3 == 0
        point = {OTHER.key: draw(OTHER, draws)}
        points.append(point if inactive else point | {axis.key: draw(axis, draws)})
    rows = []
    for number, point in enumerate(points):
        scores = [draws.random() for _ in range(3)]
        row = make_trial(number, TrialConfig(), {}, scores)
        row.point, row.trial_id = point, f"{number:012d}"
        rows.append(row)
    described = [OTHER.describe(), axis.describe()]
    write_ledger(folder, make_sweep("kinds", "kinds", rows, axes=described))
    return points


def read(folder: Path) -> list[Arm]:
    data = read_sweep(folder, "kinds")
    return arms(data.trials, data.about["axes"])


def typed(point: dict[str, Any]) -> dict[str, tuple[type, Any]]:
    return {key: (type(value), value) for key, value in point.items()}


@pytest.mark.parametrize("absent", [False, True], ids=["always", "conditional"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_point_of_any_kind_of_axis_comes_back_from_the_table(
    tmp_path: Path, kind: str, absent: bool
) -> None:
    axis = Axis(key="model.theta_rank", distribution=KINDS[kind])
    points = home_with(tmp_path, axis, absent=absent)
    assert [typed(arm.point) for arm in read(tmp_path)] == [typed(point) for point in points]


@pytest.mark.parametrize("kind", KINDS)
def test_an_axis_of_any_kind_comes_back_from_the_ledger(kind: str) -> None:
    axis = Axis(key="model.theta_rank", distribution=KINDS[kind], tuned=kind.startswith("f"))
    assert restored(axis.describe()) == axis


@pytest.mark.parametrize(
    "kind", ["None and int", "None and float", "bool and word", "int and word", "float, stepped"]
)
def test_every_kind_of_axis_gets_its_report(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    axis = Axis(key="model.theta_rank", distribution=KINDS[kind])
    home_with(tmp_path, axis, absent=kind == "None and int", trials=12)
    assert report.main(["--home", str(tmp_path)]) == 0, capsys.readouterr().err
    assert (tmp_path / "reports" / "kinds" / "index.html").stat().st_size > 10_000


def test_none_is_a_level_of_its_own_and_not_an_axis_without_effect(tmp_path: Path) -> None:
    """Negative control: an inactive axis and the value none are told apart."""
    axis = Axis(key="model.theta_rank", distribution=KINDS["None alone"])
    home_with(tmp_path, axis, absent=True)
    has = ["model.theta_rank" in arm.point for arm in read(tmp_path)]
    assert has == [number % 3 != 0 for number in range(9)]


@pytest.mark.parametrize("values", [(1, True), (1, 1.0), ("a", "b", "a"), (0, False), (None, None)])
def test_choices_that_are_equal_are_refused(values: tuple[Any, ...]) -> None:
    with pytest.raises(UserError, match=r"axis 'model.order' names .* twice"):
        Axis(key="model.order", distribution=CategoricalDistribution(values))
