"""Kernels of linear state spaces x' = A x + B u, y = Re C x: S4 and S4D (Gu et al. 2022).

Every channel has its own step size and C. States come in conjugate pairs; one of each pair is kept.
D channels, L length, S kept states, K frequencies.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from focus_core.systems.state_space import S4Config

STEP_SIZES = (0.001, 0.1)
"""The range of the initial step sizes of the channels, log-uniform: 10 to 1000 tokens."""
PADDING, WRAP = 3, 1e-14
"""The transform's length in sequences, and the remaining share of a tap that wraps around it.

Rounding errors grow by WRAP ** (-1 / PADDING), which is 5e4. Therefore rounding and wrapping errors
both stay far below 1e-10.
"""

MOST_NUMBERS = 2**22
"""Most complex numbers at once, 64 MiB: all states and all taps at once would fill the memory."""

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
        step_D = torch.exp(self.log_step_D.double())
        exponent_DS = step_D[:, None] * A_S
        weight_DS = _complex(self.C_DS2) * torch.expm1(exponent_DS) / A_S

        def taps(steps_L: Tensor) -> Tensor:
            power_DSL = torch.exp(exponent_DS[..., None] * steps_L)
            return 2 * torch.einsum("ds,dsl->dl", weight_DS, power_DSL).real

        steps_L = torch.arange(length, device=step_D.device, dtype=step_D.dtype)
        return in_slices(taps, steps_L, weight_DS.numel())

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
    """S4: A = diag - P P^*, which includes HiPPO-LegS; bilinear, by its generating function.

    sum_t k_t z^t = C (1 - A' z)^-1 B' needs no power of A. With Woodbury's identity the function is
    four Cauchy sums over the diagonal. The points z are on a circle inside the unit circle, where
    the taps that wrap around the transform are too small to matter.
    """

    def __init__(self, model: S4Config, max_length: int) -> None:
        super().__init__(model, max_length)
        S = model.state_size // 2
        self.P_S2 = nn.Parameter(torch.empty(S, 2))
        self.B_S2 = nn.Parameter(torch.empty(S, 2))

    def forward(self, length: int) -> Tensor:
        """The taps k_DL, in float64; every length up to ``max_length`` has the same transform."""
        n = PADDING * max(length, self.max_length)
        radius = WRAP ** (1 / n)
        K = torch.arange(n // 2 + 1, device=self.turn_S.device, dtype=torch.float64)
        z_K = torch.polar(torch.full_like(K, radius), -2 * math.pi * K / n)
        taps_DL: Tensor = torch.fft.irfft(in_slices(self.generating, z_K, self.C_DS2.numel()), n=n)[
            :, :length
        ]
        back_L = torch.pow(radius, -torch.arange(length, device=K.device, dtype=K.dtype))
        return taps_DL * back_L

    def advance(self, x_BDS: Tensor, u_BD: Tensor) -> Tensor:
        """The states after one more input, by the bilinear step.

        Woodbury's identity makes the cost linear in the number of states.
        """
        half_D1 = torch.exp(self.log_step_D.double())[:, None] / 2
        A_S, P_S, B_S = self.poles(), _complex(self.P_S2), _complex(self.B_S2)

        def along(x_S: Tensor) -> Tensor:
            """P^* x over both states of each pair, which is real."""
            total: Tensor = 2 * (P_S.conj() * x_S).sum(dim=-1, keepdim=True).real
            return total

        inverse_DS = 1 / (1 - half_D1 * A_S)
        forward_BDS = x_BDS + half_D1 * (A_S * x_BDS - P_S * along(x_BDS))
        w_BDS = inverse_DS * (forward_BDS + 2 * half_D1 * B_S * u_BD[..., None])
        share_D1 = half_D1 / (1 + half_D1 * along(inverse_DS * P_S))
        return w_BDS - share_D1 * inverse_DS * P_S * along(w_BDS)

    def generating(self, z_K: Tensor) -> Tensor:
        """sum_t k_t z^t of every channel at the points z, (D, K) complex128."""
        step_D1 = torch.exp(self.log_step_D.double())[:, None]
        s_DK = 2 / step_D1 * (1 - z_K) / (1 + z_K)  # points of the continuous resolvent
        B_S, C_DS, P_S = _complex(self.B_S2), _complex(self.C_DS2), _complex(self.P_S2)
        poles_S = self.poles()
        near_DKS = 1 / (s_DK[..., None] - poles_S)
        far_DKS = 1 / (s_DK[..., None] - poles_S.conj())  # the other state of each pair

        def cauchy(weight_DS: Tensor) -> Tensor:
            weight_DS1 = weight_DS.expand_as(C_DS)[..., None]
            return (near_DKS @ weight_DS1 + far_DKS @ weight_DS1.conj())[..., 0]

        rank_one_DK = cauchy(C_DS * P_S) * cauchy(P_S.conj() * B_S)
        inverse_DK = cauchy(C_DS * B_S) - rank_one_DK / (1 + cauchy(P_S.conj() * P_S))
        return 2 / (1 + z_K) * inverse_DK

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


def in_slices(function: Callable[[Tensor], Tensor], at_K: Tensor, numbers: int) -> Tensor:
    """Compute ``function(at_K)``, (D, K), in slices of K that fit into memory.

    Where there are several slices, the backward pass computes each slice again.

    Args:
        function: takes some of the points, and returns a column for each.
        at_K: the points.
        numbers: complex numbers that the function holds in memory for every point.
    """
    slices = torch.split(at_K, max(1, MOST_NUMBERS // numbers))
    if len(slices) == 1:
        return function(at_K)
    return torch.cat([checkpoint(function, part, use_reentrant=False) for part in slices], dim=1)


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
