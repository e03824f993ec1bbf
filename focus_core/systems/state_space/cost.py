"""The cost of S4 and S4D. D width, S conjugate pairs of states."""

from __future__ import annotations

from focus_core.layers.module_cost import Row, Rows, Work, fft_convolution, nothing
from focus_core.systems.state_space.kernels import DiagonalKernel, LowRankKernel
from focus_core.systems.state_space.mixer import S4DMixer, S4Mixer


def _diagonal_kernel(kernel: DiagonalKernel, length: int) -> Work:
    """A tap is a product of two real rows of 2 S numbers; the tables of powers are left out."""
    D, S, _ = kernel.C_DS2.shape
    M, N = kernel.sizes(length)
    return Work(shared=2 * D * M * N * 2 * S, unseen=fft_convolution(D, length), state=2 * D * S)


def _low_rank_kernel(kernel: LowRankKernel, length: int) -> Work:
    """Rows and columns of M steps, A^M, its orbit of N states, and then the taps."""
    D, S, _ = kernel.C_DS2.shape
    M, N = kernel.sizes(length)
    X = 2 * S
    rows, power, orbit = 2 * M * X + 2 * M * M * X, X * M * X, (N - 1) * X * X
    multiply_adds = D * (rows + power + orbit + M * N * X)
    return Work(shared=2 * multiply_adds, unseen=fft_convolution(D, length), state=D * X)


ROWS: Rows = {
    S4Mixer: Row(nothing, None),  # the mixer's own parameter is only a skip
    S4DMixer: Row(nothing, None),
    DiagonalKernel: Row(_diagonal_kernel),
    LowRankKernel: Row(_low_rank_kernel),
}
