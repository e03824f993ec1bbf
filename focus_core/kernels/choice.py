"""Chooses who runs the loops over time: numba on a CPU, Triton on a GPU, else torch."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Protocol

import torch
from torch import Tensor

from focus_core.errors import UserError
from focus_core.kernels import loops
from focus_core.kernels.setting import AUTO, KERNELS, NAME, wanted
from focus_core.kernels.trial_run import disagreement

TYPES = (torch.float32, torch.float64)
DEVICES = {"numba": "cpu", "triton": "cuda"}
"""The device that kernels run on; loops run on any."""
ON_TRIAL = ("triton",)
"""Kernels that must first agree with the loops, on the machine where they are to run."""


class Kernels(Protocol):
    """What every module of kernels computes; ``loops`` says what it is."""

    def recur_forward(self, w_NRG: Tensor, a_PNG: Tensor) -> Tensor: ...

    def recur_backward(
        self, grad_y_NRG: Tensor, y_NRG: Tensor, a_PNG: Tensor
    ) -> tuple[Tensor, Tensor]: ...

    def complex_forward(
        self, w_TG: Tensor, a_TG: Tensor, b_TG: Tensor
    ) -> tuple[Tensor, Tensor]: ...

    def complex_backward(
        self,
        grads: tuple[Tensor, Tensor],
        states: tuple[Tensor, Tensor],
        poles: tuple[Tensor, Tensor],
    ) -> tuple[Tensor, Tensor, Tensor]: ...


def kernels_for(*tensors: Tensor) -> Kernels:
    """The kernels for tensors of this device and type; ``loops`` where no others can run.

    Only the first recurrence imports numba or Triton.

    Raises:
        UserError: FOCUS_KERNELS is wrong, or names a package that cannot be imported.
    """
    name = chosen(*tensors)
    return _module(name) if name in DEVICES else loops


def chosen(*tensors: Tensor) -> str:
    """The name of these kernels, as in FOCUS_KERNELS."""
    name = wanted()
    devices, types = {x.device.type for x in tensors}, {x.dtype for x in tensors}
    if len(devices) > 1 or len(types) > 1 or not types <= {*TYPES}:
        return "loops"
    for kernels, device in DEVICES.items():
        if name in (kernels, AUTO) and device in devices and _usable(kernels, name):
            return kernels
    return "loops"


def _usable(kernels: str, name: str) -> bool:
    error = _fault(kernels)
    if error and name != AUTO:
        raise UserError(f"{NAME}={name}: {error}; repair that package, or use {AUTO}")
    return not error


@cache
def _fault(kernels: str) -> str:
    """Why kernels cannot be used on this machine, in one line; empty if they can."""
    package = KERNELS[kernels]
    try:
        import_module(package)
    except Exception as error:  # noqa: BLE001 - a broken package raises anything
        return f"{package} cannot be imported ({' '.join(str(error).split())[:100]})"
    differs = disagreement(_module(kernels), DEVICES[kernels]) if kernels in ON_TRIAL else ""
    return differs and f"its kernels {differs}"


def _module(kernels: str) -> Kernels:
    """The module of these kernels; its package takes half a second to import."""
    if kernels == "numba":
        from focus_core.kernels import compiled

        return compiled
    from focus_core.kernels import fused

    return fused
