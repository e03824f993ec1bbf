"""The ablations by name, in families. Each is one difference from the base, with its promise.

A variant is a set of options that the layer reads where they act. No other code asks for the name
of a variant. ``tests/test_every_variant.py`` tests the promise of each variant. A family has at
most eleven variants and the base, because five seeds can decide that many at once.
"""

from __future__ import annotations

from search_spaces.variants.controls import CONTROLS
from search_spaces.variants.coupled import COUPLED
from search_spaces.variants.filters import FILTERS
from search_spaces.variants.hyper_input import HYPER_INPUT
from search_spaces.variants.hypernetwork import HYPERNETWORK
from search_spaces.variants.parameterisation import PARAMETERISATION
from search_spaces.variants.rivals import RIVALS
from search_spaces.variants.variant import Variant
from search_spaces.variants.wiring import WIRING

__all__ = ["FAMILIES", "MEANT", "VARIANTS", "YOURS", "Variant", "every_variant"]

FAMILIES: dict[str, dict[str, Variant]] = {
    "filters": FILTERS,
    "parameterisation": PARAMETERISATION,
    "hyper_input": HYPER_INPUT,
    "hypernetwork": HYPERNETWORK,
    "wiring": WIRING,
    "coupled": COUPLED,
    "controls": CONTROLS,
    "rivals": RIVALS,
}
VARIANTS: dict[str, Variant] = {
    name: variant for family in FAMILIES.values() for name, variant in family.items()
}
YOURS: dict[str, Variant] = {}
"""The variant of each mixer from outside, while a command works with it. Our spaces lack it."""
MEANT = {"focus": "base"}
"""By a name that no variant has, the variant that is meant; the error alone reads this."""


def every_variant() -> dict[str, Variant]:
    """Ours and yours, by name."""
    return VARIANTS | YOURS
