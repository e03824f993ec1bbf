"""The table that says in what the first of the best arms differs from the base."""

from __future__ import annotations

from analysis.sections.winner import differs


def test_an_arm_is_told_by_what_it_has() -> None:
    """Not by the fields of a mixer that it does not have."""
    base = {"model.mixer": "focus", "model.order": 2, "model.width": 8}
    rival = {"model.mixer": "transformer", "model.heads": 1, "model.width": 8}
    assert differs(rival, base) == [
        ("model.heads", "absent", 1),
        ("model.mixer", "focus", "transformer"),
    ]
    assert differs(base | {"model.order": 1}, base) == [("model.order", 2, 1)]
    assert differs(base, base) == []
