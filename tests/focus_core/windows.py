"""Windows that a ceiling is asked for."""

from focus_core.tasks.base import FirstSeen


def aligned(window: int) -> FirstSeen:
    """Chunks of ``window`` tokens: what is seen begins with one's own."""
    return lambda position: position // window * window
