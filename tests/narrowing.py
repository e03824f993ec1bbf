"""What a test knows about a value and its type does not say; the test fails where it is not so."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def known(value: T | None) -> T:
    """A value that is there."""
    assert value is not None
    return value


def kind(of: type[T], value: object) -> T:
    """A value of this class."""
    assert isinstance(value, of), f"{type(value).__name__} is no {of.__name__}"
    return value
