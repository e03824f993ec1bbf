"""The tables of a long kernel: the tap at step M n + m is a row at M n times a column at m.

Two tables of about sqrt(L) powers replace one of L, and a product of matrices makes the taps.
"""

from __future__ import annotations

import math


def table_sizes(length: int, longest: int, most: int | None = None) -> tuple[int, int]:
    """The steps of the two tables: M, and N = ceil(length / M).

    M depends on the longest kernel alone, so that shorter kernels come from the same table.

    Args:
        length: the taps.
        longest: the most taps of any kernel; M is a power of two, and about the root of it.
        most: the limit of M.
    """
    near = 1 << (max(0, longest - 1).bit_length() + 1) // 2
    if most is not None:
        near = min(near, 1 << (max(1, most).bit_length() - 1))
    return near, math.ceil(length / near)
