"""The resolution of a test set with a given number of sequences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def resolution(rate: Floats, sequences: Floats, z: float) -> Floats:
    """Half width of the interval from the counted sequences alone; positive if there are any.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", J. Amer.
    Statist. Assoc. 22: at a rate of 0, the half width is z squared over the number of sequences.

    Args:
        rate: the least variance that one sequence adds.
        sequences: number of counted sequences; 0 where the score is not a count.
        z: the normal quantile of the interval, such as 1.96.
    """
    counted = sequences > 0
    n = np.where(counted, sequences, 1.0)
    half = z * np.sqrt(n * np.maximum(rate, 0.0) + z**2) / n
    return np.where(counted, half, 0.0)
