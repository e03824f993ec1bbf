"""A table: every mixer against its paper's formula, forward and gradient, in float64."""

import typing
from collections.abc import Mapping

import numpy as np
import pytest
import torch

from focus_core.config import Scalar
from focus_core.systems import SYSTEMS
from focus_core.systems.focus.ablations.filters import FILTERS
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.system import System
from search_spaces import baselines
from search_spaces.variants import VARIANTS
from tests.focus_core.arrays import Floats
from tests.focus_core.public_formulas import parts
from tests.focus_core.public_formulas.arms import (
    ARMS,
    FORMULAS,
    LENGTHS,
    Alone,
    build,
    formula,
    model_of,
)
from tests.focus_core.public_formulas.parts import Weights
from tests.narrowing import known

FORWARD, GRADIENT = 1e-9, 1e-7
"""Relative tolerances; the gradient of the formula is a central difference of order 6."""
STENCIL = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
STEP, STEP_OVER_KINKS = 1e-4, 1e-5
"""Of a difference; the second where maxima and thresholds are not to be crossed."""

EVERY = pytest.mark.parametrize("name", ARMS)
AT_EVERY_LENGTH = pytest.mark.parametrize("length", LENGTHS)


def drawn(shape: tuple[int, ...], seed: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape)


def inputs(name: str, length: int) -> Floats:
    return drawn((length, model_of(name).width), 2)


def parameters_of(module: Alone) -> Weights:
    return {name: value.detach().numpy() for name, value in module.named_parameters()}


def gap(
    name: str, module: Alone, x: Floats, longest: int, parameters: Weights | None = None
) -> float:
    """The largest difference from the formula, over the largest number in it."""
    with torch.no_grad():
        found = module(torch.tensor(x)[None])[0].numpy()
    expected = formula(name, parameters or parameters_of(module), x, longest)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@EVERY
@AT_EVERY_LENGTH
@pytest.mark.parametrize("built_for", ["this length", "128"])
def test_a_mixer_is_its_public_formula(name: str, length: int, built_for: str) -> None:
    longest = length if built_for == "this length" else max(LENGTHS)
    module = build(name, longest)
    assert gap(name, module, inputs(name, length), longest) < FORWARD


def slope(name: str, parameters: Weights, x: Floats, along: Weights, weight: Floats) -> float:
    """The formula's derivative along a direction of its input and its parameters."""
    total = 0.0
    step = STEP_OVER_KINKS if model_of(name).mixer == "focus" else STEP
    for reach, share in STENCIL.items():
        for sign in (-1, 1):
            s = sign * reach * step
            moved = {n: v + s * along.get(n, 0.0) for n, v in parameters.items()}
            y = formula(name, moved, x + s * along.get("x", 0.0), len(x))
            total += sign * share * float((weight * y).sum())
    return total / step


def gradients(module: Alone, x: Floats, weight: Floats) -> Weights:
    """Autograd's, of the same weighted sum."""
    x_1LD = torch.tensor(x)[None].requires_grad_()
    module.zero_grad()
    (module(x_1LD)[0] * torch.tensor(weight)).sum().backward()
    found = {
        n: np.zeros(()) if p.grad is None else p.grad.numpy() for n, p in module.named_parameters()
    }
    return found | {"x": known(x_1LD.grad)[0].numpy()}


def directions(module: Alone, x: Floats) -> list[Weights]:
    """The input alone, then all parameters at once."""
    every = {
        n: drawn(tuple(p.shape), seed) for seed, (n, p) in enumerate(module.named_parameters(), 9)
    }
    return [{"x": drawn(x.shape, 4)}, every]


def slope_gap(name: str, module: Alone, x: Floats, along: Weights) -> float:
    weight = drawn(x.shape, 3)
    found = gradients(module, x, weight)
    by_autograd = sum(float((found[n] * v).sum()) for n, v in along.items())
    expected = slope(name, parameters_of(module), x, along, weight)
    return abs(by_autograd - expected) / max(1.0, abs(expected))


@EVERY
@AT_EVERY_LENGTH
def test_a_mixers_gradient_is_its_public_formulas(name: str, length: int) -> None:
    module, x = build(name, length), inputs(name, length)
    for along in directions(module, x):
        assert slope_gap(name, module, x, along) < GRADIENT


@EVERY
def test_the_gradient_of_each_parameter_is_its_public_formulas(name: str) -> None:
    module, x = build(name, 7), inputs(name, 7)
    _, every = directions(module, x)
    for parameter, direction in every.items():
        assert slope_gap(name, module, x, {parameter: direction}) < GRADIENT, parameter


@EVERY
def test_negative_control_a_formula_with_any_parameter_a_little_off_differs(name: str) -> None:
    """So every parameter takes part in the comparison, and a coefficient of 1e-6 is seen."""
    module, x = build(name, 33), inputs(name, 33)
    known = parameters_of(module)
    for parameter, value in known.items():
        off = value + 1e-6 * drawn(value.shape, 5)
        assert gap(name, module, x, 33, {**known, parameter: off}) > FORWARD, parameter


@EVERY
def test_negative_control_a_gradient_a_little_off_differs(name: str) -> None:
    module, x = build(name, 7), inputs(name, 7)
    along = directions(module, x)[0]
    more = {"x": along["x"] * (1 + 1e-5)}
    weight = drawn(x.shape, 3)
    exact, other = (slope(name, parameters_of(module), x, way, weight) for way in (along, more))
    assert abs(exact - other) > GRADIENT


@pytest.mark.parametrize(
    ("constant", "value", "name"),
    [
        ("ROTARY_BASE", 9999.0, "flash_transformer"),
        ("ROTARY_BASE", 9999.0, "mega"),
        ("ROTARY_BASE", 9999.0, "base"),
        ("WAVE_BASE", 9999.0, "transformer_xl"),
        ("NORM_EPSILON", 1e-6, "gpt2"),
        ("NORM_EPSILON", 1e-6, "hyena"),
    ],
)
def test_negative_control_a_public_formula_with_a_wrong_constant_differs(
    constant: str, value: float, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, constant, value)
    assert gap(name, build(name, 33), inputs(name, 33), 33) > FORWARD


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("sliding", "base"),
        ("gpt2", "flash_transformer"),
        ("lattice", "base"),
        ("s4d", "s4d without D"),
    ],
)
def test_negative_control_the_public_formula_of_another_arm_differs(ours: str, theirs: str) -> None:
    """Each pair has the same parameters."""
    module, x = build(ours, 33), inputs(ours, 33)
    found, theirs = dict(parameters_of(module)), theirs.removesuffix(" without D")
    if ours == theirs:
        found["mixer.skip_D"] = 0 * found["mixer.skip_D"]
    assert gap(theirs, module, x, 33, found) > 1e-6


def without_formula(
    mixers: Mapping[str, System],
    filters: Mapping[str, object],
    arms: Mapping[str, Mapping[str, Scalar]],
    formulas: Mapping[str, object],
) -> list[str]:
    """What is registered and has no row in the table."""
    models = [model_of(name) for name in arms]
    covered = {model.mixer for model in models} & set(formulas)
    of_focus = {model.filter for model in models if isinstance(model, FocusConfig)}
    return sorted((set(mixers) - covered) | (set(filters) - of_focus))


def test_every_mixer_and_filter_has_a_public_formula() -> None:
    assert without_formula(SYSTEMS, FILTERS, ARMS, FORMULAS) == []
    models = [model_of(name) for name in ARMS]
    for arm in baselines.ARMS:  # of the comparison with rivals
        changes = {k.removeprefix("model."): v for k, v in VARIANTS[arm].changes.items()}
        kind = {k: changes[k] for k in ("mixer", "filter", "theta", "poles", "sliding")
                if k in changes}  # fmt: skip
        assert any(kind.items() <= vars(m).items() for m in models), arm


def test_negative_control_a_mixer_without_a_public_formula_is_named() -> None:
    with_one_more: dict[str, typing.Any] = {**SYSTEMS, "mamba": None}
    assert without_formula(with_one_more, FILTERS, ARMS, FORMULAS) == ["mamba"]
    fewer = {name: fields for name, fields in ARMS.items() if name != "mega"}
    assert without_formula(SYSTEMS, FILTERS, fewer, FORMULAS) == ["mega"]
