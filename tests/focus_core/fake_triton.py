"""As much of Triton as the kernels use, in numpy: they run without a GPU.

A program runs to its end before the next one starts. Reading or writing outside of a tensor fails.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from tests.imported import ROOT

FUSED = ROOT / "focus_core" / "kernels" / "fused.py"


class Pointer:
    """Addresses within one tensor."""

    def __init__(self, numbers: Any, at: Any = 0) -> None:
        self.numbers, self.at = numbers, at
        self.dtype = SimpleNamespace(element_ty=numbers.dtype)

    def __add__(self, steps: Any) -> Pointer:
        return Pointer(self.numbers, self.at + steps)

    def __sub__(self, steps: Any) -> Pointer:
        return Pointer(self.numbers, self.at - steps)


class Language(ModuleType):
    """``triton.language``."""

    constexpr, int64 = int, np.int64
    program = 0

    def program_id(self, axis: int) -> int:
        return self.program

    def load(self, pointer: Pointer, mask: Any, other: float) -> Any:
        found = np.full(np.shape(pointer.at), other, dtype=pointer.numbers.dtype)
        inside = np.broadcast_to(mask, found.shape)
        found[inside] = pointer.numbers[self.allowed(pointer, inside)]
        return found

    def store(self, pointer: Pointer, value: Any, mask: Any) -> None:
        inside = np.broadcast_to(mask, np.shape(pointer.at))
        stored = np.broadcast_to(value, inside.shape)
        assert stored.dtype == pointer.numbers.dtype
        pointer.numbers[self.allowed(pointer, inside)] = stored[inside]

    @staticmethod
    def allowed(pointer: Pointer, inside: Any) -> Any:
        at = np.asarray(pointer.at)[inside]
        assert ((at >= 0) & (at < len(pointer.numbers))).all()
        return at

    @staticmethod
    def cast(numbers: Any, kind: Any) -> Any:
        return np.asarray(numbers).astype(kind)

    @staticmethod
    def where(condition: Any, x: Any, y: Any) -> Any:
        kind = (x if isinstance(x, np.ndarray) else y).dtype
        return np.where(condition, x, y).astype(kind)

    arange, sum = staticmethod(np.arange), staticmethod(np.sum)
    zeros = staticmethod(np.zeros)


def fused(patch: pytest.MonkeyPatch, *, edit: Callable[[str], str] = str) -> Any:
    """The module of the Triton kernels, with this Triton; ``edit`` changes its source first."""
    triton, language = ModuleType("triton"), Language("triton.language")

    class Jit:
        """A kernel: ``kernel[grid](...)`` runs its programs one after another."""

        def __init__(self, kernel: Callable[..., None]) -> None:
            self.kernel = kernel

        def __getitem__(self, grid: tuple[int]) -> Callable[..., None]:
            def run(*given: Any, num_warps: int, **constants: int) -> None:
                held = [Pointer(x.view(-1).numpy()) if isinstance(x, Tensor) else x for x in given]
                for language.program in range(grid[0]):
                    self.kernel(*held, **constants)

            return run

    triton.__dict__.update(
        jit=Jit,
        language=language,
        cdiv=lambda a, b: -(-a // b),
        next_power_of_2=lambda n: 1 << (n - 1).bit_length(),
    )
    patch.setitem(sys.modules, "triton", triton)
    patch.setitem(sys.modules, "triton.language", language)
    source = FUSED.read_text()
    edited = edit(source)
    assert edit is str or edited != source
    module = ModuleType("fused_in_numpy")
    exec(compile(edited, str(FUSED), "exec"), module.__dict__)
    return module
