"""Registered means tested: every space builds at every point, and every axis has an effect."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import FloatDistribution, IntDistribution

import search_spaces
from focus_core.config import Scalar, TrialConfig
from focus_core.systems.focus.config import FocusConfig
from search_spaces.points import every_value, sample_points, walk
from search_spaces.soundness import acts, check
from search_spaces.space import Axis, Space, choices
from search_spaces.variants import FAMILIES, MEANT, VARIANTS
from tests.configs import model_config
from tests.narrowing import kind, known

EVERY = pytest.mark.parametrize("name", search_spaces.names())


def space_over(*axes: Axis, **fields: Any) -> Space:
    plain = {"seeds": 1, "trials": None, "sampler": "grid", "pruner": None}
    return Space(question="?", base=TrialConfig, axes=axes, **plain | fields)


def focus(trial: TrialConfig) -> FocusConfig:
    return kind(FocusConfig, trial.model)


def test_the_spaces_are_these() -> None:
    first = {"nfft_bins", "filter_bank", "chunk_length", "order", "ablation", "focus"}
    of_the_family = {"adaptivity", "realisation", "parameterisation", "oversampling"}
    of_the_layer = {"hypernetwork", "wiring", "baselines", "length"}
    assert first | of_the_family | of_the_layer <= set(search_spaces.names())


@EVERY
def test_it_says_what_it_asks(name: str) -> None:
    space = search_spaces.load(name)
    assert space.name == name
    assert space.question.endswith("?")
    assert known(sys.modules[f"search_spaces.{name}"].__doc__).strip()
    assert space.seeds >= 1
    assert (space.trials is None) == (space.sampler == "grid")


@EVERY
def test_every_point_builds_and_no_two_are_one_trial(name: str) -> None:
    """All of them, continuous axes at both ends: a dead knob would give two points one id."""
    space = search_spaces.load(name)
    base = space.base()
    points = list(walk(space.axes, every_value))
    assert len({space.configure(point, base).trial_id for point in points}) == len(points)
    check(space, base)


@EVERY
def test_every_axis_reaches_the_config_under_its_key(name: str) -> None:
    space = search_spaces.load(name)
    base = space.base()
    for point in sample_points(space.axes)[:50]:
        flat = space.configure(point, base).flat()
        assert all(flat[key] == value for key, value in point.items() if key != "variant")


@EVERY
def test_axes_are_plain_data(name: str) -> None:
    axes = search_spaces.load(name).describe_axes()
    assert json.loads(json.dumps(axes)) == axes
    for axis in axes:
        wanted = {"choices"} if axis["kind"] == "categorical" else {"low", "high", "log"}
        assert set(axis) - {"tuned"} == {"key", "kind"} | wanted
        assert axis.get("tuned", True) is True


def test_default_question_has_its_grid() -> None:
    points = search_spaces.load("nfft_bins").grid()
    assert len(points) == 12
    assert points[0] == {"model.bin_length": 64, "model.nfft_factor": 1}
    assert points[1] == {"model.bin_length": 64, "model.nfft_factor": 2}


def test_orders_above_two_come_as_a_lattice_only() -> None:
    space = search_spaces.load("order")
    arms = {
        (model.order, model.parameterisation)
        for model in (focus(space.configure(p, space.base())) for p in space.grid())
    }
    lattice = {(order, "lattice") for order in (1, 2, 3, 4, 6, 8)}
    assert arms == lattice | {(1, "sigmoid"), (2, "sigmoid")}


def test_ablation_has_every_variant_once() -> None:
    points = search_spaces.load("ablation").grid()
    assert [point["variant"] for point in points] == list(VARIANTS)


def test_no_two_families_have_a_variant_of_one_name() -> None:
    assert len(VARIANTS) == sum(len(family) for family in FAMILIES.values())


def test_a_name_that_people_may_try_is_refused_and_the_error_says_what_is_meant() -> None:
    space = search_spaces.load("ablation")
    for tried, meant in MEANT.items():
        assert meant in VARIANTS
        with pytest.raises(ValueError, match=f"unknown variant '{tried}'; did you mean '{meant}'"):
            space.configure({"variant": tried}, space.base())


def test_variants_apply_their_changes_and_axes_go_before_them() -> None:
    space = search_spaces.load("ablation")
    trial = space.configure({"variant": "carry_lattice", "model.gain": "none"}, space.base())
    assert (focus(trial).carry, focus(trial).parameterisation) == (True, "lattice")
    assert focus(trial).gain == "none"
    with pytest.raises(ValueError, match="did you mean 'carry_lattice'"):
        space.configure({"variant": "cary_lattice"}, space.base())


def test_focus_has_no_grid_and_its_conditions_hold() -> None:
    space = search_spaces.load("focus")
    with pytest.raises(ValueError, match=r"axis 'train\.learning_rate' is continuous"):
        space.grid()
    for point in sample_points(space.axes):
        several_bins = point["model.bin_length"] < 64
        recurrence = point["model.realisation"] == "recurrence"
        assert ("model.carry" in point) == (recurrence and several_bins)
        assert ("model.nfft_factor" in point) == (point["model.realisation"] == "sampled")
        assert ("model.parameterisation" in point) == (point["model.order"] <= 2)


def test_unknown_space_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'nfft_bins'"):
        search_spaces.load("nfft_bin")
    with pytest.raises(ValueError, match="the spaces are ablation"):
        search_spaces.load("zzzzzz")


def test_pinned_values_leave_the_axes_and_stay_in_every_trial() -> None:
    space = search_spaces.load("focus").pinned({"model.realisation": "sampled", "train.steps": 99})
    keys = [axis.key for axis in space.axes]
    assert "model.realisation" not in keys
    assert "model.carry" not in keys  # it needs the recurrence
    assert "model.nfft_factor" in keys
    check(space, space.base())
    for point in sample_points(space.axes)[:60]:
        trial = space.configure(point, space.base())
        assert (focus(trial).realisation, trial.train.steps) == ("sampled", 99)
        assert "model.nfft_factor" in point  # the condition sees what was pinned


def test_pinned_variant_is_applied() -> None:
    space = search_spaces.load("ablation").pinned({"variant": "ema"})
    assert space.grid() == [{}]
    assert focus(space.configure({}, space.base())).filter == "ema"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model.bin_lenght": 8}, "did you mean 'model.bin_length'"),
        ({"model.bin_length": "long"}, "must be an integer"),
        ({"model.bin_length": 7}, "does not divide task.length = 64"),
    ],
)
def test_pinned_refuses_what_cannot_be(settings: dict[str, Scalar], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        search_spaces.load("nfft_bins").pinned(settings)


def test_check_names_the_dead_axis() -> None:
    space = search_spaces.load("nfft_bins").pinned({"model.realisation": "recurrence"})
    with pytest.raises(ValueError, match=r"axis 'model\.nfft_factor' has no effect"):
        check(space, space.base())


@pytest.mark.parametrize(
    ("key", "values", "fields"),
    [
        ("model.pooling", ("max", "avg"), {"oversampling": 16}),
        ("model.hyper_activation", ("tanh", "relu"), {"bin_length": 64}),
        ("model.theta_rank", (4, 8), {"filter": "coupled", "theta": "static"}),
        ("model.first_bin", ("zero", "learned"), {"filter": "static"}),
        ("model.key_from", ("filtered", "input"), {"attention": "none"}),
    ],
)
def test_check_names_dead_axes_of_the_layers_options(
    key: str, values: tuple[str | int, str | int], fields: dict[str, Scalar]
) -> None:
    base = TrialConfig(model=model_config(**fields))
    with pytest.raises(ValueError, match=f"axis '{key}' has no effect"):
        check(space_over(choices(key, *values)), base)


def test_check_names_the_point_that_cannot_be_built() -> None:
    space = search_spaces.load("nfft_bins").pinned({"task.length": 96, "model.chunk_length": 16})
    with pytest.raises(ValueError, match=r"does not divide .* \(at model\.bin_length=64"):
        check(space, space.base())


def test_check_finds_an_infeasible_corner_of_a_continuous_space() -> None:
    """Control: one that only the upper end of a float axis reaches."""
    dropout = Axis(key="model.dropout", distribution=FloatDistribution(low=0.0, high=1.0))
    space = space_over(dropout, sampler="random", trials=5)
    with pytest.raises(ValueError, match=r"model\.dropout must be in \[0, 1\)"):
        check(space, space.base())


def test_an_axis_of_one_value_has_no_effect() -> None:
    space = space_over(choices("model.order", 2))
    with pytest.raises(ValueError, match=r"'model\.order' has no effect"):
        check(space, space.base())


def test_acts_compares_trials_not_spellings() -> None:
    """An oversampling above the bin's length is the bin's length."""
    base = TrialConfig(model=model_config(bin_length=4))
    axis = choices("model.oversampling", 4, 8)
    space = space_over(axis)
    assert not acts(space, base, axis, {"model.oversampling": 4})
    assert acts(space, TrialConfig(), axis, {"model.oversampling": 4})


def test_grids_of_integers_and_steps() -> None:
    order = Axis(key="model.order", distribution=IntDistribution(1, 5, step=2))
    rate = Axis(key="model.dropout", distribution=FloatDistribution(0.0, 0.5, step=0.25))
    points = space_over(order, rate).grid()
    assert [p["model.order"] for p in points] == [1, 1, 1, 3, 3, 3, 5, 5, 5]
    assert [p["model.dropout"] for p in points[:3]] == [0.0, 0.25, 0.5]


def test_spaces_need_no_torch_and_answer_at_once() -> None:
    """All spaces loaded and checked, in a fresh interpreter."""
    code = (
        "import sys, search_spaces\n"
        "from search_spaces import soundness\n"
        "for n in search_spaces.names():\n"
        "    s = search_spaces.load(n); soundness.check(s, s.base())\n"
        "print([m for m in ('torch', 'ray', 'mlflow', 'sqlalchemy') if m in sys.modules])\n"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
