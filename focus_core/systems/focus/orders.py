"""At which orders each parameterisation is stable, and which gains it allows."""

from __future__ import annotations

ORDERS: dict[str, tuple[int, ...]] = {
    "sigmoid": (1, 2),
    "lattice": tuple(range(1, 9)),
    "ek": tuple(range(1, 9)),
    "triangle": (2,),
    "polar": (2,),
    "cascade": (4, 6, 8),
    "ema": (1,),
}
"""Allowed orders of each parameterisation; a cascade of order 2 would be a triangle."""

BY_SIGMOID = ("sigmoid", "ek", "polar", "ema")
"""Parameterisations whose identity filter has logits of -infinity; the others have it at 0."""


def order_error(parameterisation: str, order: int) -> str | None:
    """What is wrong with this order, and what would be right; None for a valid order."""
    if parameterisation not in ORDERS:
        return f"unknown parameterisation {parameterisation!r}; there are {', '.join(ORDERS)}"
    orders = ORDERS[parameterisation]
    if order in orders:
        return None
    others = " or ".join(name for name, its in ORDERS.items() if order in its)
    instead = f"; use model.parameterisation={others}" if others else ""
    return (
        f"{parameterisation} coefficients are stable for orders "
        f"{', '.join(map(str, orders))}, not {order}{instead}"
    )


def may_grow(parameterisation: str, order: int) -> bool:
    """True if carried outputs can grow without input while the coefficients change.

    At order 1, no step enlarges the outputs. The coefficients of ek fall, 1 > a_1 >= a_2 >= ...
    >= 0: no sum of consecutive outputs ever exceeds the largest such sum before it.
    """
    return order > 1 and parameterisation != "ek"


def gain_error(gain: str, parameterisation: str, order: int) -> str | None:
    """What is wrong with this gain, and what would be right; None for a valid gain."""
    if gain not in ("none", "l2", "dc", "peak"):
        return f"unknown gain {gain!r}; the gains are none, l2, dc, peak"
    if gain == "l2" and parameterisation == "cascade":
        return "gain=l2 needs the reflections of one polynomial, not a cascade: use dc or none"
    if gain == "peak" and order > 2:
        return f"gain=peak has a closed form up to order 2, not {order}: use l2, dc or none"
    return None
