"""The recurrences as operators of torch, which a compiler takes as they are.

torch.compile and torch.export cannot look into numba or Triton, and would unroll a loop over time.
They see these operators, and the shapes of what comes out. An operator that runs asks ``choice``
who computes it. ``loops`` says what each computes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from focus_core.kernels.choice import kernels_for


@torch.library.custom_op("focus_core::recur_forward", mutates_args=())
def recur_forward(w_NRG: Tensor, a_PNG: Tensor) -> Tensor:
    """y_NRG."""
    return kernels_for(w_NRG, a_PNG).recur_forward(w_NRG, a_PNG)


@recur_forward.register_fake
def _(w_NRG: Tensor, a_PNG: Tensor) -> Tensor:  # noqa: ARG001
    return _like(w_NRG)


@torch.library.custom_op("focus_core::recur_backward", mutates_args=())
def recur_backward(grad_y_NRG: Tensor, y_NRG: Tensor, a_PNG: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of w_NRG and a_PNG."""
    return kernels_for(grad_y_NRG, y_NRG, a_PNG).recur_backward(grad_y_NRG, y_NRG, a_PNG)


@recur_backward.register_fake
def _(grad_y_NRG: Tensor, y_NRG: Tensor, a_PNG: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG001
    return _like(y_NRG), _like(a_PNG)


@torch.library.custom_op("focus_core::complex_forward", mutates_args=())
def complex_forward(w_TG: Tensor, a_TG: Tensor, b_TG: Tensor) -> tuple[Tensor, Tensor]:
    """u_TG and v_TG."""
    u_TG, v_TG = kernels_for(w_TG, a_TG, b_TG).complex_forward(w_TG, a_TG, b_TG)
    return u_TG, v_TG


@complex_forward.register_fake
def _(w_TG: Tensor, a_TG: Tensor, b_TG: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ARG001
    return _like(w_TG), _like(w_TG)


@torch.library.custom_op("focus_core::complex_backward", mutates_args=())
def _complex_backward(
    grad_u_TG: Tensor, grad_v_TG: Tensor, u_TG: Tensor, v_TG: Tensor, a_TG: Tensor, b_TG: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    grads, states, poles = (grad_u_TG, grad_v_TG), (u_TG, v_TG), (a_TG, b_TG)
    # The parts of one tensor share their memory, which an operator's results must not.
    parts = kernels_for(*grads, *states, *poles).complex_backward(grads, states, poles)
    p_TG, decay_TG, angle_TG = (part.clone() for part in parts)
    return p_TG, decay_TG, angle_TG


@_complex_backward.register_fake
def _(
    grad_u_TG: Tensor,
    grad_v_TG: Tensor,  # noqa: ARG001
    u_TG: Tensor,  # noqa: ARG001
    v_TG: Tensor,  # noqa: ARG001
    a_TG: Tensor,  # noqa: ARG001
    b_TG: Tensor,  # noqa: ARG001
) -> tuple[Tensor, Tensor, Tensor]:
    return _like(grad_u_TG), _like(grad_u_TG), _like(grad_u_TG)


def complex_backward(
    grads: tuple[Tensor, Tensor], states: tuple[Tensor, Tensor], poles: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of w, of the log of the modulus, and of the angle."""
    found: tuple[Tensor, Tensor, Tensor] = _complex_backward(*grads, *states, *poles)
    return found


def _like(x: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)
