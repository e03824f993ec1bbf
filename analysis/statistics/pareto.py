"""Which of many offers are worth their price."""

from __future__ import annotations

import numpy as np

from analysis.statistics.kernel import Floats


def pareto_front(price: Floats, quality: Floats) -> list[int]:
    """The offers that no other one beats: none is as cheap and better, or cheaper and as good.

    Args:
        price: (n,), finite; less is better.
        quality: (n,), finite; more is better.

    Returns:
        Their numbers, the cheapest first; of offers that are equal in both, all.
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
