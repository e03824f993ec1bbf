"""Running many trials: launch, ledger, study, workers, tracking; ``sweep`` from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweeps.launching.from_python import Swept, sweep

__all__ = ["Swept", "sweep"]


def __getattr__(name: str) -> Any:
    """Import ``sweep`` only for a program that asks for it: commands import this package too."""
    if name in __all__:
        from sweeps.launching import from_python

        return getattr(from_python, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
