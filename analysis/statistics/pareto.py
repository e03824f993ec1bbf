"""The Pareto front: which of many offers are worth their price."""

from __future__ import annotations

import numpy as np

from analysis.statistics.kernel import Floats


def pareto_front(price: Floats, quality: Floats) -> list[int]:
    """The offers for which no other is as cheap and better, or cheaper and as good.

    Args:
        price: (n,), finite; less is better.
        quality: (n,), finite; more is better.

    Returns:
        numbers of these offers, the cheapest first; all of those equal in price and quality.
    """
    front: list[int] = []
    best = -np.inf
    for k in np.lexsort((-quality, price)):
        last = front[-1] if front else None
        equal = last is not None and (price[k], quality[k]) == (price[last], quality[last])
        if quality[k] > best or equal:
            front.append(int(k))
            best = quality[k]
    return front
