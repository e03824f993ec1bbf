"""What a test set of so many sequences can resolve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def resolution(rate: Floats, sequences: Floats, z: float) -> Floats:
    """Half of the interval that the sequences alone allow; never 0 where there are any.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", J. Amer.
    Statist. Assoc. 22: at a rate of 0 it is z squared over the number of sequences.

    Args:
        rate: the least variance that one sequence adds.
        sequences: how many were counted; 0 where the score counts none.
        z: the normal quantile of the interval, such as 1.96.
    """
    counted = sequences > 0
    n = np.where(counted, sequences, 1.0)
    half = z * np.sqrt(n * np.maximum(rate, 0.0) + z**2) / n
    return np.where(counted, half, 0.0)
