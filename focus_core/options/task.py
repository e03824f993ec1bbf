"""The options that every task has, and what a task says of itself without reading its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from focus_core.errors import require
from focus_core.options.fields import NOT_NEGATIVE, POSITIVE, option


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """The data, the target and the score. ``length`` is the number of input tokens.

    A task's own config adds its options, and says in ``name`` which task it is.
    """

    classifies: ClassVar[bool] = False
    """The whole sequence is read before anything is answered."""

    name: str = ""
    length: int = option(64, POSITIVE)  # L
    eval_sequences: int = option(512, POSITIVE)
    test_sequences: int = option(1024, POSITIVE)

    def check(self) -> None:
        """Raise a UserError for the first rule that these options break."""
        require(
            self.length >= 2, f"task.length = {self.length}: a sequence needs at least 2 tokens"
        )

    def bytes_read(self) -> int:
        """How much of its data set is read; 0: all of it."""
        return 0

    def set_size(self) -> int:
        """How many sequences a finite training set has; 0: it has no end, or is the whole."""
        return 0

    def data_words(self) -> str:
        """What is trained on and scored, in a few words, where no protocol was published."""
        return "fresh sequences each step"


@dataclass(frozen=True, kw_only=True)
class SetTaskConfig(TaskConfig):
    """A task whose training sequences may be a finite set."""

    # 0: fresh ones at every step; of a data set, all there are
    train_sequences: int = option(0, NOT_NEGATIVE)

    def set_size(self) -> int:
        """As it was given."""
        return self.train_sequences

    def data_words(self) -> str:
        """Whether the training sequences repeat."""
        if self.train_sequences:
            return f"{self.train_sequences} training sequences over epochs"
        return super().data_words()
