"""Plugins while a command works: their mixers, tasks and variants stand beside ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from focus_core.outside.loading import load, plugged
from focus_core.outside.plugin import Plugin
from search_spaces.variants.from_outside import arms


@contextmanager
def beside_ours(plugins: Sequence[Plugin]) -> Iterator[None]:
    """Register ``plugins`` inside this context, each mixer with a variant of its name.

    Raises:
        UserError: a plugin cannot be loaded, or one of its names exists already.
    """
    with plugged(plugins):
        systems = {name: s for plugin in plugins for name, s in load(plugin).systems.items()}
        with arms({name: not system.config().leaks() for name, system in systems.items()}):
            yield
