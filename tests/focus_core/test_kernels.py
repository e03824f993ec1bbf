"""Every kind of kernels against plain numpy and scipy, and against the loops of torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor
from torch.autograd.functional import jacobian as untyped_jacobian

from focus_core.kernels import loops
from focus_core.kernels.choice import chosen
from focus_core.systems.focus.recurrence import recur
from focus_core.systems.focus.token_wise.recurrence import recur_complex
from tests.focus_core.fake_triton import fused
from tests.focus_core.recurrences import (
    Patch,
    assert_gradients_are_those_of_the_loops,
    assert_near,
    assert_recurrences_are_right,
    by_complex,
    by_numpy,
    filters,
    gradients,
    needs_numba,
    poles,
    use,
)
from tests.imported import ROOT

KINDS = ["loops", pytest.param("numba", marks=needs_numba), "triton in numpy"]
SHAPES = {"reset": (1, 9), "carried": (3, 4), "bins of one": (7, 1), "one step": (1, 1)}
"""N and R."""
jacobian: Callable[..., Any] = untyped_jacobian


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: Patch) -> str:
    """Recurrences run on these kernels."""
    if request.param == "triton in numpy":
        use(fused(monkeypatch), monkeypatch)
    else:
        monkeypatch.setenv("FOCUS_KERNELS", request.param)
        assert chosen(torch.zeros(1)) == request.param
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", range(1, 9))
def test_the_recurrence_is_the_loop(kind: str, order: int, shape: str) -> None:
    w, a = filters(order, *SHAPES[shape])
    assert_near(recur(w, a), by_numpy(w, a))
    assert_near(recur(w.float(), a.float()), by_numpy(w.float(), a.float()))
    assert_gradients_are_those_of_the_loops(recur, w, a)
    assert_gradients_are_those_of_the_loops(recur, w.float(), a.float())


@pytest.mark.parametrize("order", [1, 2, 8])
def test_with_one_filter_it_is_scipys(kind: str, order: int) -> None:
    w, a = filters(order, 1, 50, G=600)  # more lanes than a block holds
    y = recur(w, a)
    for g in (0, 511, 512, 599):
        expected = signal.lfilter([1.0], [1.0, *a[:, 0, g].tolist()], w[0, :, g].numpy())
        assert_near(y[0, :, g], expected)


@pytest.mark.parametrize("T", [1, 2, 9])
def test_the_complex_recurrence_is_the_loop(kind: str, T: int) -> None:
    for inputs in (poles(T), tuple(x.float() for x in poles(T))):
        expected = by_complex(*inputs)
        u, v = recur_complex(*inputs)
        assert u.dtype == v.dtype == inputs[0].dtype
        assert_near(u, expected.real)
        assert_near(v, expected.imag)
        assert_gradients_are_those_of_the_loops(recur_complex, *inputs)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", range(1, 9))
def test_its_gradients_are_differences(kind: str, order: int, shape: str) -> None:
    if kind == "triton in numpy" and order not in (1, 2, 3, 8):
        return  # numpy is slow
    inputs = [x.requires_grad_() for x in filters(order, *SHAPES[shape], G=1)]
    assert torch.autograd.gradcheck(recur, inputs)


@pytest.mark.parametrize("T", [1, 2, 6])
def test_the_complex_gradients_are_differences(kind: str, T: int) -> None:
    assert torch.autograd.gradcheck(recur_complex, [x.requires_grad_() for x in poles(T, 2)])


def test_the_jacobians_are_those_of_the_loops(kind: str, monkeypatch: Patch) -> None:
    cases: list[tuple[Any, tuple[Tensor, ...]]] = [
        (recur, filters(2, 3, 2)),
        (recur_complex, poles(4)),
    ]
    found = [jacobian(run, inputs) for run, inputs in cases]
    use(loops, monkeypatch)
    for (run, inputs), jacobians in zip(cases, found, strict=True):
        expected = jacobian(run, inputs)
        torch.testing.assert_close(jacobians, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", [0, 1])
def test_nan_and_infinity_go_where_they_go_in_the_loops(
    kind: str, wrong: float, where: int, monkeypatch: Patch
) -> None:
    """A training that diverges must show it."""
    inputs, turned = filters(2, 3, 4), poles(9)
    for x in (inputs[where], turned[where]):
        x.view(-1)[13] = wrong

    def run() -> list[Tensor]:
        with np.errstate(all="ignore"):
            outputs = [recur(*inputs), *recur_complex(*turned)]
            outputs += [*gradients(recur, inputs), *gradients(recur_complex, turned)]
        return [x.detach() for x in outputs]

    found = run()
    use(loops, monkeypatch)
    expected = run()
    assert not torch.isfinite(expected[0]).all()
    for x, y in zip(found, expected, strict=True):
        assert torch.equal(torch.isfinite(x), torch.isfinite(y))
        finite = torch.isfinite(x)
        torch.testing.assert_close(x[finite], y[finite], rtol=1e-12, atol=1e-13)


def test_any_layout_in_memory(kind: str) -> None:
    w, a = filters(2, 3, 4)
    across = recur(w.permute(2, 1, 0).contiguous().permute(2, 1, 0), a.mT.contiguous().mT)
    torch.testing.assert_close(across, recur(w, a))
    torch.testing.assert_close(recur(w, a[:, :1].expand_as(a)), recur(w, a[:, :1].repeat(1, 3, 1)))
    turned = poles(9)
    torch.testing.assert_close(
        recur_complex(*(x.mT.contiguous().mT for x in turned)), recur_complex(*turned)
    )
    assert_gradients_are_those_of_the_loops(
        lambda w: recur(w, a).sum(dim=0), w
    )  # an expanded gradient


@pytest.mark.parametrize("shape", [(0, 4, 3), (3, 0, 3), (3, 4, 0)])
def test_nothing_gives_nothing(kind: str, shape: tuple[int, int, int]) -> None:
    w, a = torch.zeros(shape).requires_grad_(), torch.zeros(2, shape[0], shape[2])
    y = recur(w, a)
    torch.autograd.grad(y.sum(), w)
    assert y.shape == shape
    assert recur_complex(*(torch.zeros(shape[1:]) for _ in range(3)))[1].shape == shape[1:]


def test_nothing_given_is_changed(kind: str) -> None:
    for run, inputs in ((recur, filters(2, 3, 4)), (recur_complex, poles(5))):
        before = [x.clone() for x in inputs]
        gradients(run, inputs)
        assert all(torch.equal(x, was) for x, was in zip(inputs, before, strict=True))


def mutated(old: str, new: str) -> Any:
    """The loops with a mistake."""
    source = (ROOT / "focus_core/kernels/loops.py").read_text()
    assert old in source
    module: dict[str, Any] = {}
    exec(source.replace(old, new), module)
    return type("Mutated", (), {k: staticmethod(f) for k, f in module.items() if callable(f)})


def test_right_kernels_pass_the_comparison(kind: str) -> None:
    assert_recurrences_are_right()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("y[t - p], value=-1", "y[t - p], value=1"),
        ("a_p[(t + p) // R]", "a_p[t // R]"),
        ("b[t], v[t - 1], value=-1", "b[t], v[t - 1], value=1"),
        ("return grad_PNG.neg_()", "return grad_PNG"),
        (".addcmul_(b, grad_a, value=-1)", ".addcmul_(b, grad_a, value=1)"),
    ],
)
def test_negative_control_a_mistake_is_seen(old: str, new: str, monkeypatch: Patch) -> None:
    use(mutated(old, new), monkeypatch)
    with pytest.raises(AssertionError):
        assert_recurrences_are_right()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("y_t = w_t - tl.sum", "y_t = w_t + tl.sum"),
        ("(t + lag) // R", "t // R"),
        ("(lag <= i)", "(lag >= 0)"),
        ("(t + 1) % R == 0", "t % R == 0"),
        ("turned = a_t * q - b_t * p", "turned = a_t * q + b_t * p"),
        ("mask=moved", "mask=inside"),
    ],
)
def test_negative_control_of_the_triton_kernels(old: str, new: str, monkeypatch: Patch) -> None:
    use(fused(monkeypatch, edit=lambda source: source.replace(old, new)), monkeypatch)
    with pytest.raises(AssertionError):
        assert_recurrences_are_right()
