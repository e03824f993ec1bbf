"""The cost of S4 and S4D. D width, S conjugate pairs of states."""

from __future__ import annotations

from focus_core.layers.module_cost import Row, Rows, Work, fft_convolution, nothing
from focus_core.systems.state_space.kernels import PADDING, DiagonalKernel, LowRankKernel
from focus_core.systems.state_space.mixer import S4DMixer, S4Mixer


def _diagonal_kernel(kernel: DiagonalKernel, length: int) -> Work:
    """Torch counts a complex multiply-add as 2 FLOPs, and this function too; the true cost is 8."""
    D, S, _ = kernel.C_DS2.shape
    return Work(shared=2 * D * S * length, unseen=fft_convolution(D, length), state=2 * D * S)


def _low_rank_kernel(kernel: LowRankKernel, length: int) -> Work:
    """Four Cauchy sums over both states of each pair, at half of the transform's points."""
    D, S, _ = kernel.C_DS2.shape
    points = PADDING * length // 2 + 1
    return Work(shared=2 * 8 * D * S * points, unseen=fft_convolution(D, length), state=2 * D * S)


ROWS: Rows = {
    S4Mixer: Row(nothing, None),  # the mixer's own parameter is only a skip
    S4DMixer: Row(nothing, None),
    DiagonalKernel: Row(_diagonal_kernel),
    LowRankKernel: Row(_low_rank_kernel),
}
