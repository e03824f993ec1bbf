"""The options of language modelling by bytes or letters. The tasks are in ``data``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from focus_core.errors import require
from focus_core.options.fields import NOT_NEGATIVE, one_of, option
from focus_core.options.task import TaskConfig
from focus_core.tasks.entry import TaskEntry

SPLITS = {"eval_sequences": (90, 95), "test_sequences": (95, 100)}
"""Begin and end of each scored part, in per cent of the text."""


@dataclass(frozen=True, kw_only=True)
class TextConfig(TaskConfig):
    """The part of a text that is read, and the way to score it."""

    whole: ClassVar[int | None] = None
    """Bytes of the whole text; None where the text depends on the machine."""

    # read only the first so many bytes of the text; 0: the whole text
    prefix: int = option(0, NOT_NEGATIVE)
    # score the whole test part, each byte with at least so many bytes before it; none: score
    # only ``test_sequences`` windows
    context: int | None = option(None, NOT_NEGATIVE)

    def check(self) -> None:
        """Check the prefix and the context; where the size is known, also the windows."""
        require(
            self.whole is None or self.prefix < self.whole,
            f"task.prefix = {self.prefix}: {self.name} has {self.whole} bytes; use fewer, or 0 "
            "for all",
        )
        require(
            self.context is None or self.context < self.length,
            f"task.context = {self.context} leaves nothing to score of windows of task.length = "
            f"{self.length}; use at most {self.length - 1}",
        )
        size = self.prefix or self.whole
        if size is not None:
            self._check_windows(size)
        super().check()

    def _check_windows(self, size: int) -> None:
        for name, (start, end) in SPLITS.items():
            most = (size * end // 100 - size * start // 100 - 1) // self.length
            count = getattr(self, name)
            require(
                count <= most,
                f"task.{name} = {count}: 5 % of {size} bytes are {most} windows of task.length = "
                f"{self.length}; use fewer, a shorter task.length or a longer task.prefix",
            )

    def bytes_read(self) -> int:
        """The prefix; 0 for the whole text."""
        return self.prefix

    def data_words(self) -> str:
        """The part that is read, and what of that part is scored."""
        part = "a prefix" if self.prefix else "the whole text"
        if self.context is None:
            return f"{part}, some windows scored"
        return f"{part}, test part with context {self.context}"


@dataclass(frozen=True, kw_only=True)
class Enwik8Config(TextConfig):
    """Bytes of Wikipedia."""

    whole: ClassVar[int | None] = 100_000_000
    name: str = option("enwik8", one_of(["enwik8"]))


@dataclass(frozen=True, kw_only=True)
class Text8Config(TextConfig):
    """Words of Wikipedia: a space and 26 letters."""

    whole: ClassVar[int | None] = 100_000_000
    name: str = option("text8", one_of(["text8"]))


@dataclass(frozen=True, kw_only=True)
class PydocTextConfig(TextConfig):
    """The reference text that ships with this Python."""

    name: str = option("pydoc_text", one_of(["pydoc_text"]))


_MODULE = "focus_core.tasks.text.data"
ENWIK8 = TaskEntry(config=Enwik8Config, module=_MODULE, metric="bits per byte", data="enwik8")
TEXT8 = TaskEntry(config=Text8Config, module=_MODULE, metric="bits per character", data="text8")
PYDOC_TEXT = TaskEntry(config=PydocTextConfig, module=_MODULE, metric="bits per byte")
