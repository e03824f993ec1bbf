"""Multi-query associative recall: its options. The task is in ``data`` and ``mixture``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.task import SetTaskConfig
from focus_core.tasks.entry import TaskEntry


@dataclass(frozen=True, kw_only=True)
class MqarConfig(SetTaskConfig):
    """All pairs first, then every key again."""

    name: str = option("mqar", one_of(["mqar"]))
    keys: int = option(4, POSITIVE)
    values: int = option(4, POSITIVE)
    pairs: int = option(4, POSITIVE, when=lambda _, task: task.mixture == "single")
    # noise, or a blank, wherever no pair and no query stands
    random_non_queries: bool = True
    # one length, or the mixture of Based, of which ``length`` is the longest
    mixture: Literal["single", "based"] = "single"

    def check(self) -> None:
        """There is room for the pairs, and every key and value differs."""
        if self.mixture == "single":
            pairs, remedy = self.pairs, "fewer task.pairs"
            require(
                self.length % 2 == 0 and self.length >= 4 * pairs,
                f"task.length = {self.length}: mqar needs an even number of tokens, 4 or more for "
                f"each of its {pairs} pairs",
            )
        else:
            pairs, remedy = self.length // 4, "a shorter task.length"  # of its longest sequences
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
