"""The options of language modelling by bytes or characters. The tasks are in ``data``."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Literal

from focus_core.errors import UserError, require
from focus_core.options.fields import NOT_NEGATIVE, Range, one_of, option
from focus_core.options.task import TaskConfig
from focus_core.tasks.entry import TaskEntry
from focus_core.tasks.own_data import OwnDataConfig

WHOLE = 100
SPLIT = re.compile(r"([1-9]\d?),([1-9]\d?),([1-9]\d?)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class TextConfig(TaskConfig):
    """The part of a text that is read, and the way to score it."""

    whole: ClassVar[int | None] = None
    """Bytes of the whole text; None where the text depends on the machine."""

    prefix: int = option(0, NOT_NEGATIVE)
    """Read only the first so many bytes of the text; 0: the whole text."""
    context: int | None = option(None, NOT_NEGATIVE)
    """Score the whole test part, each byte after at least so many; none: test_sequences windows."""

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

    def cuts(self) -> tuple[int, int]:
        """Where the validation and the test part begin, in per cent of the text."""
        return 90, 95

    def tokens_are(self) -> str:
        """What one token is, in the plural."""
        return "bytes"

    def windows(self, size: int) -> dict[str, int]:
        """The most windows of each scored part, by the option that asks for them.

        Args:
            size: the number of tokens that are read.
        """
        first, second = (size * cut // WHOLE for cut in self.cuts())
        parts = {"eval_sequences": second - first, "test_sequences": size - second}
        return {name: max(0, (part - 1) // self.length) for name, part in parts.items()}

    def _check_windows(self, size: int) -> None:
        first, second = self.cuts()
        shares = {"eval_sequences": second - first, "test_sequences": WHOLE - second}
        for name, most in self.windows(size).items():
            count = getattr(self, name)
            require(
                count <= most,
                f"task.{name} = {count}: {shares[name]} % of {size} {self.tokens_are()} are {most} "
                f"windows of task.length = {self.length}; use fewer, a shorter task.length or a "
                "longer task.prefix",
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
    """The text."""


@dataclass(frozen=True, kw_only=True)
class Text8Config(TextConfig):
    """Words of Wikipedia: a space and 26 letters."""

    whole: ClassVar[int | None] = 100_000_000
    name: str = option("text8", one_of(["text8"]))


@dataclass(frozen=True, kw_only=True)
class PydocTextConfig(TextConfig):
    """The reference text that ships with this Python."""

    name: str = option("pydoc_text", one_of(["pydoc_text"]))


def _shares(word: str) -> tuple[int, ...]:
    """The three numbers of ``task.split``; empty where the word is no split."""
    found = SPLIT.fullmatch(word)
    shares = tuple(map(int, found.groups())) if found else ()
    return shares if sum(shares) == WHOLE else ()


SHARES = Range(
    lambda word: bool(_shares(word)),
    "the per cent of training, validation and test, 100 in all, such as 90,5,5",
)


@dataclass(frozen=True, kw_only=True)
class TextFileConfig(OwnDataConfig, TextConfig):
    """Any file of a person, by bytes or by characters."""

    is_text: ClassVar[bool] = True

    name: str = option("text_file", one_of(["text_file"]))
    unit: Literal["bytes", "characters"] = "bytes"
    """What is predicted: each byte, or each character of a text in UTF-8."""
    split: str = option("90,5,5", SHARES)
    """The per cent of the text for training, validation and test, in this order."""

    def cuts(self) -> tuple[int, int]:
        """Where the validation and the test part begin, as ``split`` says."""
        train, validation, _ = _shares(self.split)
        return train, train + validation

    def tokens_are(self) -> str:
        """The unit."""
        return self.unit

    def metric(self, usual: str) -> str:
        """Bits a character where characters are predicted."""
        return "bits per character" if self.unit == "characters" else usual

    def such_as(self) -> str:
        """The name of a text."""
        return "corpus.txt"

    def fitted(
        self,
        content: bytes,
        given: Collection[str],
        batch_size: int,  # noqa: ARG002  training windows may be drawn again
    ) -> dict[str, int | float | str]:
        """As many scored windows as the text has, at most those of the config.

        Raises:
            UserError: the content is no UTF-8, or too small for one window in each part.
        """
        size = len(content) if self.unit == "bytes" else len(as_characters(content))
        read = min(size, self.prefix or size)
        most = self.windows(read)
        trained = read * self.cuts()[0] // WHOLE
        require(
            min(most.values()) > 0 and trained > self.length,
            f"{read} {self.unit} are too few: task.length={self.length} with "
            f"task.split={self.split} needs {self._enough()} or more",
        )
        asked = {name: getattr(self, name) for name in most}
        for name in set(asked) & set(given):
            require(
                asked[name] <= most[name],
                f"task.{name} = {asked[name]}: this part has {most[name]} windows of task.length = "
                f"{self.length}; use at most {most[name]}, or a shorter task.length",
            )
        return {name: min(asked[name], most[name]) for name in most}

    def _enough(self) -> int:
        """Tokens that give every part a window and its last target, wherever the cuts round to."""
        return -(-(self.length + 1) * WHOLE // min(_shares(self.split)))

    def data_words(self) -> str:
        """The unit and the split, and what is read and scored."""
        return f"own text by {self.unit}, split {self.split}, {super().data_words()}"


def as_characters(content: bytes) -> str:
    """The text of a file in UTF-8, with its line endings as they are.

    Raises:
        UserError: the content is no UTF-8; the message says at which byte.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"byte {error.start} is no UTF-8: use task.unit=bytes, or save the text as UTF-8"
        ) from None


_MODULE = "focus_core.tasks.text.data"
ENWIK8 = TaskEntry(config=Enwik8Config, module=_MODULE, metric="bits per byte", data="enwik8")
TEXT8 = TaskEntry(config=Text8Config, module=_MODULE, metric="bits per character", data="text8")
PYDOC_TEXT = TaskEntry(config=PydocTextConfig, module=_MODULE, metric="bits per byte")
TEXT_FILE = TaskEntry(config=TextFileConfig, module=_MODULE, metric="bits per byte")
