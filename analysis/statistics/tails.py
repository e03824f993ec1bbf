"""Quantiles and tail probabilities of Student's t and of F.

The numbers equal those of ``scipy.stats``. ``scipy.special`` gives them without loading a hundred
other distributions; loading these takes longer than the statistics of a report.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special


def t_quantile(p: Any, df: Any) -> Any:
    """The value below which a share ``p`` of Student's t lies, with ``df`` degrees of freedom."""
    return special.stdtrit(df, p)


def t_above(t: Any, df: Any) -> Any:
    """The probability that Student's t exceeds ``t``."""
    return special.stdtr(df, -t)


def f_quantile(p: Any, df1: Any, df2: Any) -> Any:
    """The value below which a share ``p`` of F lies, with ``df1`` and ``df2`` degrees."""
    return special.fdtri(df1, df2, p)


def f_above(f: Any, df1: Any, df2: Any) -> Any:
    """The probability that F exceeds ``f``; an ``f`` below 0, from rounding, counts as 0."""
    return special.fdtrc(df1, df2, np.maximum(f, 0.0))
