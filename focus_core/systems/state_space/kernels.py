"""Kernels of linear state spaces x' = A x + B u, y = Re C x: S4 and S4D (Gu et al. 2022).

Every channel has its own step size and C. States come in conjugate pairs; one of each pair is kept.
D channels, L length, S kept states.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from focus_core.layers.tables import table_sizes
from focus_core.systems.state_space import S4Config
from focus_core.systems.state_space.powers import (
    LowRankStep,
    diagonal_taps,
    low_rank_taps,
)

STEP_SIZES = (0.001, 0.1)
"""The range of the initial step sizes of the channels, log-uniform: 10 to 1000 tokens."""
MOST_NUMBERS = 2**22
"""The most float64 numbers in a table or matrix of the powers below M, 32 MiB: it limits M."""

LARGEST_B = 2.0
"""The limit of the imaginary part of S4's initial B: all public code clips it, for stability.

With 64 states the clipped B has a norm of 8.7 instead of 45.3. As in the public code, the clipped
values depend on the phases of the eigenvectors. Only the start is clipped: training moves B freely.
"""


class DiagonalKernel(nn.Module):
    """S4D: A is diagonal (S4D-Lin: -1/2 + i pi n), with a zero-order hold over each step."""

    rates: ClassVar = dict.fromkeys(
        ("log_step_D", "log_decay_S", "turn_S", "P_S2", "B_S2"), "state_learning_rate"
    )

    def __init__(self, model: S4Config, max_length: int) -> None:
        super().__init__()
        D, S = model.width, model.state_size // 2
        self.max_length = max_length
        self.log_step_D = nn.Parameter(torch.empty(D))
        self.log_decay_S = nn.Parameter(torch.empty(S))  # log(-Re A)
        self.turn_S = nn.Parameter(torch.empty(S))  # Im A
        self.C_DS2 = nn.Parameter(torch.empty(D, S, 2))

    def forward(self, length: int) -> Tensor:
        """The taps k_DL = 2 Re sum_S C (e^(step A) - 1) / A e^(step A t), in float64."""
        A_S = self.poles()
        exponent_DS = torch.exp(self.log_step_D.double())[:, None] * A_S
        weight_DS = _complex(self.C_DS2) * torch.expm1(exponent_DS) / A_S
        return diagonal_taps(weight_DS, torch.exp(exponent_DS), self.sizes(length))[:, :length]

    def sizes(self, length: int) -> tuple[int, int]:
        """The steps of the two tables of powers, (M, N); a table has 2 D S M real numbers."""
        most = MOST_NUMBERS // (2 * self.C_DS2[..., 0].numel())
        return table_sizes(length, max(length, self.max_length), most)

    def advance(self, x_BDS: Tensor, u_BD: Tensor) -> Tensor:
        """The states after one more input, (B, D, S) complex128."""
        step_D = torch.exp(self.log_step_D.double())
        A_S = self.poles()
        exponent_DS = step_D[:, None] * A_S
        into_DS = torch.expm1(exponent_DS) / A_S
        return torch.exp(exponent_DS) * x_BDS + into_DS * u_BD[..., None]

    def initial_state(self, batch: int) -> Tensor:
        """The states x_BDS before the first input."""
        D, S, _ = self.C_DS2.shape
        return torch.zeros(batch, D, S, device=self.C_DS2.device, dtype=torch.complex128)

    def step(self, u_BD: Tensor, x_BDS: Tensor) -> tuple[Tensor, Tensor]:
        """The next output of the convolution with the kernel, (B, D), and the new states."""
        x_BDS = self.advance(x_BDS, u_BD)
        y_BD = 2 * (_complex(self.C_DS2) * x_BDS).sum(dim=-1).real
        return y_BD.to(u_BD.dtype), x_BDS

    def poles(self) -> Tensor:
        """The diagonal of A, complex128; always in the left half plane."""
        return torch.complex(-torch.exp(self.log_decay_S.double()), self.turn_S.double())

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Poles are -1/2 + i pi n, C has variance 1, and steps are spread over ``STEP_SIZES``."""
        S = len(self.turn_S)
        if name == "log_step_D":
            low, high = (math.log(size) for size in STEP_SIZES)
            return low + (high - low) * torch.rand(self.log_step_D.shape, generator=generator)
        if name == "log_decay_S":
            return torch.full((S,), math.log(0.5))
        if name == "turn_S":
            return math.pi * torch.arange(S)
        return math.sqrt(0.5) * torch.randn(self.C_DS2.shape, generator=generator)


class LowRankKernel(DiagonalKernel):
    """S4: A = diag - P P^*, which includes HiPPO-LegS, with the bilinear step.

    The step A' is a diagonal minus a product u v too, by Woodbury's identity.
    """

    def __init__(self, model: S4Config, max_length: int) -> None:
        super().__init__(model, max_length)
        S = model.state_size // 2
        self.P_S2 = nn.Parameter(torch.empty(S, 2))
        self.B_S2 = nn.Parameter(torch.empty(S, 2))

    def forward(self, length: int) -> Tensor:
        """The taps k_DL = C A'^t B', in float64."""
        return low_rank_taps(_complex(self.C_DS2), self.bilinear(), self.sizes(length))[:, :length]

    def sizes(self, length: int) -> tuple[int, int]:
        """The steps of the two tables of powers, (M, N); a matrix has D M^2 numbers."""
        most = math.isqrt(MOST_NUMBERS // len(self.log_step_D))
        return table_sizes(length, max(length, self.max_length), most)

    def advance(self, x_BDS: Tensor, u_BD: Tensor) -> Tensor:
        """The states after one more input; its cost is linear in the number of states."""
        step = self.bilinear()
        low_BD1 = _both(step.v_DS * x_BDS)
        return step.q_DS * x_BDS - step.u_DS * low_BD1 + step.b_DS * u_BD[..., None]

    def bilinear(self) -> LowRankStep:
        """A' = (1 - A step / 2)^-1 (1 + A step / 2) and B' = (1 - A step / 2)^-1 B step."""
        half_D1 = torch.exp(self.log_step_D.double())[:, None] / 2
        A_S, P_S, B_S = self.poles(), _complex(self.P_S2), _complex(self.B_S2)
        inverse_DS = 1 / (1 - half_D1 * A_S)
        low_DS, v_DS = inverse_DS * P_S, inverse_DS * P_S.conj()
        u_DS = 2 * half_D1 / (1 + half_D1 * _both(P_S.conj() * low_DS)) * low_DS
        return LowRankStep(
            q_DS=(1 + half_D1 * A_S) * inverse_DS,
            u_DS=u_DS,
            v_DS=v_DS,
            b_DS=half_D1 * (2 * inverse_DS * B_S - u_DS * _both(v_DS * B_S)),
        )

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """HiPPO-LegS in the basis where its normal part is diagonal, with B clipped as published.

        The other parameters start as in S4D.
        """
        if name not in ("turn_S", "P_S2", "B_S2"):
            return super().initial_value(name, generator)
        turn_S, P_S, B_S = legs(len(self.turn_S))
        B_S = torch.complex(B_S.real, B_S.imag.clamp(-LARGEST_B, LARGEST_B))
        found = {"turn_S": turn_S, "P_S2": torch.view_as_real(P_S), "B_S2": torch.view_as_real(B_S)}
        return found[name]


def legs(pairs: int) -> tuple[Tensor, Tensor, Tensor]:
    """HiPPO-LegS of 2 ``pairs`` states: A = V (-1/2 + i turn) V^* - P P^T, B.

    Returns:
        turn_S (float64, positive), V^* P and V^* B (complex128), for one state of each pair.
    """
    n = torch.arange(2 * pairs, dtype=torch.float64)
    root = torch.sqrt(2 * n + 1)
    below = torch.tril(torch.outer(root, root), -1)
    skew = (below.T - below) / 2  # A + P P^T + 1/2
    turn, V = torch.linalg.eigh(-1j * skew)
    turn_S, V_NS = turn[pairs:], V[:, pairs:]
    P, B = torch.sqrt(n + 0.5), root
    return turn_S, V_NS.mH @ P.to(V.dtype), V_NS.mH @ B.to(V.dtype)


def _complex(pairs_DS2: Tensor) -> Tensor:
    return torch.view_as_complex(pairs_DS2.double())


def _both(half: Tensor) -> Tensor:
    """The sum over both states of each pair, which is real; the last axis becomes 1."""
    total: Tensor = 2 * half.real.sum(dim=-1, keepdim=True)
    return total
