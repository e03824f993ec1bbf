"""The variant of each mixer from outside: it has the mixer's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from focus_core.errors import require
from search_spaces.variants import VARIANTS, YOURS
from search_spaces.variants.variant import Variant


@contextmanager
def arms(mixers: Mapping[str, bool]) -> Iterator[None]:
    """Have a variant of every mixer inside this context; an outer context may have it already.

    Args:
        mixers: by name, whether the mixer promises to be causal.

    Raises:
        UserError: a variant of another kind has the name.
    """
    made = {name: _variant(name, is_causal) for name, is_causal in mixers.items()}
    for name, variant in made.items():
        require(
            name not in VARIANTS and YOURS.get(name, variant) == variant,
            f"a variant {name!r} exists already: give the mixer another name",
        )
    added = [name for name in made if name not in YOURS]
    YOURS.update(made)
    try:
        yield
    finally:
        for name in added:
            del YOURS[name]


def _variant(name: str, is_causal: bool) -> Variant:
    changes = {"model.mixer": name} | ({} if is_causal else {"model.mode": "paper"})
    return Variant(question=f"yours: {name}", changes=dict(changes), causal=is_causal)
