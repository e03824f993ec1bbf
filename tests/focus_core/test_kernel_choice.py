"""Who runs the recurrences: by device and type, by FOCUS_KERNELS, and by what is installed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from focus_core.errors import UserError
from focus_core.kernels import choice, loops, setting
from focus_core.kernels.choice import chosen
from focus_core.kernels.setting import installed
from focus_core.kernels.trial_run import disagreement
from focus_core.systems.focus.recurrence import recur
from tests.focus_core.recurrences import Patch, assert_near, by_numpy, filters, needs_numba
from tests.imported import ROOT


def test_half_types_run_on_the_loops(monkeypatch: Patch) -> None:
    monkeypatch.delenv("FOCUS_KERNELS", raising=False)
    w, a = (x.bfloat16() for x in filters(2, 3, 4))
    assert chosen(w, a) == chosen(w.float(), a.double()) == "loops"
    assert recur(w, a).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fast", "FOCUS_KERNELS='fast' must be one of auto, loops, numba, triton"),
        ("numba", "FOCUS_KERNELS=numba needs the package numba: install it, or use auto"),
        ("triton", "FOCUS_KERNELS=triton needs the package triton: install it, or use auto"),
    ],
)
def test_wrong_kernels_are_refused_in_one_line(name: str, message: str, monkeypatch: Patch) -> None:
    monkeypatch.setattr(setting, "installed", lambda package: False)
    monkeypatch.setenv("FOCUS_KERNELS", name)
    setting.named.cache_clear()
    with pytest.raises(UserError) as error:
        chosen(torch.zeros(1))
    setting.named.cache_clear()
    assert str(error.value) == message


def changed(name: str, by: Callable[[Tensor], Tensor]) -> SimpleNamespace:
    """The loops, with a fault in the first result of one of them."""

    def faulty(*given: Any) -> Any:
        found = getattr(loops, name)(*given)
        return (by(found[0]), *found[1:]) if isinstance(found, tuple) else by(found)

    return SimpleNamespace(**{**vars(loops), name: faulty})


def test_kernels_that_agree_pass_their_trial() -> None:
    assert disagreement(loops, "cpu") == ""
    if installed("numba"):
        from focus_core.kernels import compiled

        assert disagreement(compiled, "cpu") == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("recur_forward", "differ here from torch's loops (order 1)"),
        ("recur_backward", "differ here from torch's loops (order 1)"),
        ("complex_forward", "differ here from torch's loops (complex)"),
        ("complex_backward", "differ here from torch's loops (complex)"),
    ],
)
def test_kernels_that_differ_fail_their_trial(name: str, words: str) -> None:
    assert disagreement(changed(name, lambda x: x * 1.001), "cpu") == words
    assert disagreement(changed(name, lambda x: x * float("nan")), "cpu") == words


def test_kernels_that_fail_their_trial_are_not_used(monkeypatch: Patch) -> None:
    """A kernel that cannot be compiled: ``auto`` takes the loops, a named kernel is refused."""

    def fails(x: Tensor) -> Tensor:
        raise RuntimeError("no compiler\nfound")

    w, a = filters(2, 3, 4)
    w, a = w.float(), a.float()
    monkeypatch.setattr(choice, "DEVICES", {"triton": "cpu"})
    monkeypatch.setattr(choice, "import_module", lambda package: None)
    monkeypatch.setattr(setting, "installed", lambda package: True)
    module = changed("recur_forward", fails)
    monkeypatch.setattr(choice, "_module", lambda kernels: module)
    for cached in (choice._fault, setting.named):
        cached.cache_clear()
    monkeypatch.setenv("FOCUS_KERNELS", "auto")
    assert chosen(w, a) == "loops"
    monkeypatch.setenv("FOCUS_KERNELS", "triton")
    with pytest.raises(UserError, match=r"its kernels fail here .RuntimeError: no compiler found."):
        chosen(w, a)
    choice._fault.cache_clear()
    module = loops  # type: ignore[assignment]
    assert chosen(w, a) == "triton"
    for cached in (choice._fault, setting.named):
        cached.cache_clear()


BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numba", "triton"}:
            raise ImportError(f"{name} is blocked")
if BLOCK:
    sys.meta_path.insert(0, Blocker())
import torch
from focus_core.kernels.choice import chosen
from focus_core.systems.focus.mixer import FocusMixer
from focus_core.systems.focus.recurrence import recur
assert "numba" not in sys.modules
w, a = torch.arange(24.0).view(2, 4, 3), torch.full((2, 2, 3), 0.25)
print(chosen(w), recur(w, a).tolist())
"""


@needs_numba
@pytest.mark.parametrize(("block", "expected"), [(True, "loops"), (False, "numba")])
def test_without_numba_the_loops_give_the_same(
    block: bool, expected: str, monkeypatch: Patch
) -> None:
    """Numba is imported by the first recurrence, and only by it."""
    monkeypatch.delenv("FOCUS_KERNELS", raising=False)
    code = f"BLOCK = {block}\n{BLOCKED}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    name, _, numbers = done.stdout.partition(" ")
    assert name == expected
    w, a = torch.arange(24.0).view(2, 4, 3), torch.full((2, 2, 3), 0.25)
    assert_near(torch.tensor(eval(numbers)), by_numpy(w, a), ulps=4)


@needs_numba
def test_where_nothing_can_be_kept_kernels_compile_all_the_same(monkeypatch: Patch) -> None:
    from numba.core import caching

    from focus_core.kernels.compiled import compiled

    def twice(x: float) -> float:
        return 2 * x

    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert compiled(twice)(1.5) == 3
