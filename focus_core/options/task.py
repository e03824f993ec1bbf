"""The options that every task has, and the facts about a task that need no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from focus_core.errors import require
from focus_core.options.fields import NOT_NEGATIVE, POSITIVE, option


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """The data, the target and the score of a trial. ``length`` is the number of input tokens.

    A task's own config adds its options, and names the task in ``name``.
    """

    classifies: ClassVar[bool] = False
    """Whether the model reads the whole sequence before it answers."""

    name: str = ""
    """The task."""
    length: int = option(64, POSITIVE)
    """L, the input tokens of a sequence."""
    eval_sequences: int = option(512, POSITIVE)
    """The sequences of the validation split."""
    test_sequences: int = option(1024, POSITIVE)
    """The sequences of the test split."""

    def check(self) -> None:
        """Raise a UserError for the first rule that these options break."""
        require(
            self.length >= 2, f"task.length = {self.length}: a sequence needs at least 2 tokens"
        )

    def bytes_read(self) -> int:
        """Number of bytes that the task reads of its data set; 0 for all."""
        return 0

    def own_data(self) -> str:
        """The SHA-256 of the person's own data that the task reads; empty where it reads none."""
        return ""

    def metric(self, usual: str) -> str:
        """The name of the metric; ``usual`` is the one that the task's entry declares."""
        return usual

    def set_size(self) -> int:
        """Size of a finite training set; 0 for fresh sequences or a whole data set."""
        return 0

    def data_words(self) -> str:
        """The training and scored data in a few words, for trials that follow no protocol."""
        return "fresh sequences each step"


@dataclass(frozen=True, kw_only=True)
class SetTaskConfig(TaskConfig):
    """A task whose training sequences may be a finite set."""

    train_sequences: int = option(0, NOT_NEGATIVE)
    """The size of a finite training set; 0: fresh sequences, or all of a data set."""

    def set_size(self) -> int:
        """The option ``train_sequences``, unchanged."""
        return self.train_sequences

    def data_words(self) -> str:
        """Whether the training sequences repeat."""
        if self.train_sequences:
            return f"{self.train_sequences} training sequences over epochs"
        return super().data_words()
