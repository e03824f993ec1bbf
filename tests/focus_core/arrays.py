"""Numpy arrays by what is in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Numbers = Floats | Complexes
