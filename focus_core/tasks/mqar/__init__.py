"""The options of multi-query associative recall. The task is in ``data`` and ``mixture``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.task import SetTaskConfig
from focus_core.tasks.entry import TaskEntry


@dataclass(frozen=True, kw_only=True)
class MqarConfig(SetTaskConfig):
    """A sequence has all key-value pairs first, then every key again as a query."""

    name: str = option("mqar", one_of(["mqar"]))
    """mqar: multi-query associative recall."""
    keys: int = option(4, POSITIVE)
    """The different keys."""
    values: int = option(4, POSITIVE)
    """The different values."""
    pairs: int = option(4, POSITIVE, when=lambda _, task: task.mixture == "single")
    """The pairs of a sequence."""
    random_non_queries: bool = True
    """What fills the places without a pair or a query: noise (true) or the blank."""
    mixture: Literal["single", "based"] = "single"
    """One length, or Based's mixture of lengths, where length is the longest."""

    def check(self) -> None:
        """Require room for the pairs, and as many keys and values as there are pairs."""
        if self.mixture == "single":
            pairs, remedy = self.pairs, "fewer task.pairs"
            require(
                self.length % 2 == 0 and self.length >= 4 * pairs,
                f"task.length = {self.length}: mqar needs an even number of tokens, 4 or more for "
                f"each of its {pairs} pairs",
            )
        else:
            pairs, remedy = self.length // 4, "a shorter task.length"  # in the longest sequences
            self._check_mixture()
        for name, count in (("keys", self.keys), ("values", self.values)):
            require(
                count >= pairs,
                f"task.{name} = {count}: mqar draws {pairs} different {name}; use at least "
                f"{pairs}, or {remedy}",
            )

    def _check_mixture(self) -> None:
        require(
            self.length % 32 == 0 and self.length >= 64,
            f"task.length = {self.length}: the mixture's shortest sequences have a sixteenth of "
            "it; use 1024, as published, or another multiple of 32 above it or down to 64",
        )
        for name, least, what in (
            ("train_sequences", 9, "training parts come in ninths"),
            ("eval_sequences", 7, "it is scored on seven parts"),
            ("test_sequences", 7, "it is scored on seven parts"),
        ):
            count = getattr(self, name)
            fresh = name == "train_sequences" and count == 0
            require(
                fresh or count >= least,
                f"task.{name} = {count}: the mixture's {what}; use {least} or more",
            )


MQAR = TaskEntry(config=MqarConfig, module="focus_core.tasks.mqar.data", metric="accuracy")
