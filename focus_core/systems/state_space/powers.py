"""Taps of a linear state space, from short tables of powers and products of real matrices.

The two tables of ``focus_core/layers/tables.py`` hold complex states as interleaved real numbers. A
column holds Re and Im of one state of each pair, a row 2 Re and -2 Im. Their product is the real
sum over both states of each pair.

D channels, S kept states, X = 2 S real numbers, M and N steps of the two tables.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from focus_core.layers.convolution import convolve


class LowRankStep(NamedTuple):
    """A step x' = q x - u (v x) + b input; v x is the sum over both states of each pair."""

    q_DS: Tensor  # noqa: N815
    u_DS: Tensor  # noqa: N815
    v_DS: Tensor  # noqa: N815
    b_DS: Tensor  # noqa: N815


def diagonal_taps(c_DS: Tensor, q_DS: Tensor, sizes: tuple[int, int]) -> Tensor:
    """2 Re sum_s c q^t for the steps t below M N, (D, M N)."""
    M, N = sizes
    near_DMS = powers(q_DS, M)
    far_DNS = powers((near_DMS[:, -1] * q_DS).conj_physical(), N)
    row_DNX = columns(2 * c_DS.conj()[:, None] * far_DNS)
    return (row_DNX @ columns(near_DMS).mT).flatten(1)


def low_rank_taps(c_DS: Tensor, step: LowRankStep, sizes: tuple[int, int]) -> Tensor:
    """The taps c A^t b for the steps t below M N, where A = diag(q) - u v, (D, M N).

    A^t = q^t - sum_(i < t) q^(t - 1 - i) u v A^i. With the power series f = 1 / (1 + z g), where
    g = sum_t z^t v q^t u, the rows v A^t are the rows v q^t convolved with f. Therefore everything
    is a product of matrices, and A^M is the only power of A. The rows of v and the columns of u run
    backwards, so that the matrices of the convolutions are views of their taps.
    """
    M, N = sizes
    power_DMS = powers(step.q_DS, M)
    back_DMS = power_DMS.flip(1)
    c_DMX = columns(2 * c_DS.conj()[:, None] * power_DMS.conj_physical())
    v_DMX = columns(2 * step.v_DS.conj()[:, None] * back_DMS.conj_physical())
    u_DMX = columns(step.u_DS[:, None] * back_DMS)
    u_D1X = u_DMX[:, -1:]
    f_DM = reciprocal((u_D1X @ v_DMX.mT)[:, 0].flip(1))
    h_DM = convolve((u_D1X @ c_DMX.mT)[:, 0], f_DM)
    c_DMX = torch.baddbmm(c_DMX, hankel(functional.pad(h_DM[:, :-1], (M, 0))), v_DMX, alpha=-1)
    vA_DMX = hankel(functional.pad(f_DM, (M - 1, 0))) @ v_DMX
    A_DXX = torch.baddbmm(turns(power_DMS[:, -1] * step.q_DS), u_DMX.mT, vA_DMX, alpha=-1)  # A^M
    b_DNX = orbit(A_DXX, columns(step.b_DS[:, None])[:, 0], N)
    return (b_DNX @ c_DMX.mT).flatten(1)


def reciprocal(taps_DM: Tensor) -> Tensor:
    """The first M terms of the power series 1 / (1 + z sum_t taps z^t), (D, M).

    A step of Newton's method ends it. Only this step is differentiated, because the derivative of
    a step at the solution is that of the solution.
    """
    D, M = taps_DM.shape
    one_DM = functional.pad(taps_DM.new_ones(D, 1), (0, M - 1))
    later_DM = functional.pad(taps_DM[:, :-1], (1, 0))
    with torch.no_grad():
        series_DMM = hankel(functional.pad(later_DM, (M - 1, 0))).flip(2)  # lower Toeplitz
        f_DM1 = torch.linalg.solve_triangular(
            series_DMM, one_DM[..., None], upper=False, unitriangular=True
        )
    f_DM: Tensor = f_DM1[..., 0]
    return f_DM + convolve(f_DM, one_DM - f_DM - convolve(later_DM, f_DM))


def hankel(taps_DT: Tensor) -> Tensor:
    """The matrices with taps[i + j] in row i and column j, (D, M, M), of 2 M - 1 taps."""
    return taps_DT.unfold(1, (taps_DT.shape[1] + 1) // 2, 1)


def columns(x_DMS: Tensor) -> Tensor:
    """Complex states as real numbers, (D, M, X)."""
    return torch.view_as_real(x_DMS).flatten(2)


def turns(q_DS: Tensor) -> Tensor:
    """The real matrices that multiply every state by its q, (D, X, X)."""
    turn_DS22 = torch.stack((torch.view_as_real(q_DS), torch.view_as_real(1j * q_DS)), dim=-1)
    turn_D22SS = torch.diag_embed(turn_DS22.permute(0, 2, 3, 1))
    return turn_D22SS.permute(0, 3, 1, 4, 2).flatten(3).flatten(1, 2)


def powers(q_DS: Tensor, steps: int) -> Tensor:
    """q^0 to q^(steps - 1), (D, M, S), by repeated squares."""
    power_DMS: Tensor = _Powers.apply(q_DS, steps)  # type: ignore[no-untyped-call]
    return power_DMS


def orbit(A_DXX: Tensor, x_DX: Tensor, steps: int) -> Tensor:
    """x, A x, ... A^(steps - 1) x, (D, N, X), one step after another."""
    x_DNX: Tensor = _Orbit.apply(A_DXX, x_DX, steps)  # type: ignore[no-untyped-call]
    return x_DNX


class _Powers(torch.autograd.Function):
    """With its own backward: one weighted sum, instead of a way back through every square."""

    @staticmethod
    def forward(ctx: Any, q_DS: Tensor, steps: int) -> Tensor:
        power_DMS = torch.ones_like(q_DS)[:, None]
        while (known := power_DMS.shape[1]) < steps:
            more_DMS = power_DMS[:, : steps - known] * q_DS[:, None]
            power_DMS = torch.cat((power_DMS, more_DMS), dim=1)
            q_DS = q_DS * q_DS
        ctx.save_for_backward(power_DMS)
        return power_DMS

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_DMS: Tensor) -> tuple[Tensor, None]:
        (power_DMS,) = ctx.saved_tensors
        step_M1 = torch.arange(1, power_DMS.shape[1], device=grad_DMS.device)[:, None]
        slope_DMS = (power_DMS[:, :-1] * step_M1).conj_physical_()
        return slope_DMS.mul_(grad_DMS[:, 1:]).sum(dim=1), None


class _Orbit(torch.autograd.Function):
    """With its own backward: one product for the gradient of A, instead of one for each step."""

    @staticmethod
    def forward(ctx: Any, A_DXX: Tensor, x_DX: Tensor, steps: int) -> Tensor:
        x_NDX = x_DX.new_empty(steps, *x_DX.shape)
        x_NDX[0] = x_DX
        for now_D1X, next_D1X in itertools.pairwise(x_NDX[:, :, None].unbind()):
            torch.bmm(now_D1X, A_DXX.mT, out=next_D1X)  # rows: BLAS takes columns much slower
        x_DNX = x_NDX.transpose(0, 1)
        ctx.save_for_backward(A_DXX, x_DNX)
        return x_DNX

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_DNX: Tensor) -> tuple[Tensor, Tensor, None]:
        A_DXX, x_DNX = ctx.saved_tensors
        grad_NDX = grad_DNX.transpose(0, 1).clone(memory_format=torch.contiguous_format)
        for next_D1X, now_D1X in itertools.pairwise(reversed(grad_NDX[:, :, None].unbind())):
            torch.baddbmm(now_D1X, next_D1X, A_DXX, out=now_D1X)
        grad_A_DXX = grad_NDX[1:].permute(1, 2, 0) @ x_DNX[:, :-1]
        return grad_A_DXX, grad_NDX[0], None
