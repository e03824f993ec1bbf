"""The Focus layer's config: its options, with their rules and promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from focus_core.options.task import TaskConfig
from focus_core.systems.focus import promises, rules
from focus_core.systems.focus.options import FocusOptions


@dataclass(frozen=True, kw_only=True)
class FocusConfig(FocusOptions):
    """The options of ``FocusOptions``, checked."""

    def check(self, given: Self, task: TaskConfig) -> None:
        """Apply the rules of ``rules.check``."""
        rules.check(given, self, task)

    def leaks(self) -> tuple[str, ...]:
        """The reasons why this layer can see the future; empty for a causal layer."""
        return promises.leaks(self)

    def why_no_step(self) -> str:
        """Why the layer cannot be computed token by token; empty if it can."""
        return promises.why_no_step(self)

    def cautions(self, task: TaskConfig) -> tuple[str, ...]:
        """Warnings about attention over too few tokens, and about filters that may grow."""
        return promises.cautions(self, task)
