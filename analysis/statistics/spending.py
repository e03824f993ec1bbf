"""Looking early, and paying for it: how much of the error each look may spend.

Whoever adds seeds until a question is decided looks several times, and each look may raise a false
alarm. The looks share one error of 5 %: the first takes 60 % of it, each later one 60 % of what is
left. Whatever the looks have in common, and however many there are, the shares add up to no more
than the whole (Bonferroni over the looks), so that nobody has to say before how often they will
look, or at how many seeds.

Lan and DeMets 1983, "Discrete sequential boundaries for clinical trials", Biometrika 70, is the
general rule; with few seeds its normal theory does not hold, and this one needs none.
"""

from __future__ import annotations

ERROR = 0.05
"""Of a whole sweep, over all looks."""
SHARE = 0.6
"""Of what is left, that a look spends."""
AGAINST_REFERENCE = 0.9
"""Of a look's share, that the comparisons with the reference spend; the rest is the gate's."""


def level_at(look: int) -> float:
    """The error that a look may spend: 0.03, 0.012, 0.0048 ...

    Args:
        look: 1 for the first.
    """
    return float(ERROR * SHARE * (1 - SHARE) ** (look - 1))


def as_over_all_looks(p: float, level: float) -> float:
    """The p-value that is compared with 0.05, of one that is compared with ``level``."""
    return min(1.0, p * ERROR / level)
