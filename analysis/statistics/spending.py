"""Error spending: how much of the error rate each look (interim analysis) may spend.

A user who adds seeds until a question is decided looks several times, and each look may raise a
false alarm. All looks share one error rate of 5 %: the first look spends 60 % of it, and each later
look spends 60 % of what is left. The shares add up to no more than the whole, for any number of
looks and any dependence between looks (Bonferroni over the looks). Nobody therefore has to fix in
advance how often they will look, or at how many seeds.

Lan and DeMets 1983, "Discrete sequential boundaries for clinical trials", Biometrika 70, give the
general rule. Their normal theory does not hold with few seeds; the rule here does not need it.
"""

from __future__ import annotations

ERROR = 0.05
"""Error rate of a whole sweep, over all looks."""
SHARE = 0.6
"""Share of the remaining error rate that a look spends."""
AGAINST_REFERENCE = 0.9
"""Share of a look's error rate for comparisons with the reference; the gate spends the rest."""


def level_at(look: int) -> float:
    """The error that a look may spend: 0.03, 0.012, 0.0048 ...

    Args:
        look: 1 for the first.
    """
    return float(ERROR * SHARE * (1 - SHARE) ** (look - 1))


def as_over_all_looks(p: float, level: float) -> float:
    """A p-value that is compared with ``level``, rescaled so that it is compared with 0.05."""
    return min(1.0, p * ERROR / level)
