"""The options of classifying a person's own series, and those that every task of series has.

``splits`` and ``squared`` have what these tasks share of their data and scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from focus_core.errors import require
from focus_core.options.fields import Range, one_of, option
from focus_core.tasks.entry import TaskEntry
from focus_core.tasks.own_data import OwnDataConfig

if TYPE_CHECKING:
    from focus_core.data.series import SeriesHead

SHARE = Range(lambda value: 0 < value < 1, "between 0 and 1")
USUAL_TEST = 0.2


@dataclass(frozen=True, kw_only=True)
class OwnSeriesConfig(OwnDataConfig):
    """Real numbers of one or several channels, and how they are split."""

    validation_share: float = option(0.2, SHARE)
    """The share of each class in training that is cut for validation."""
    test_share: float | None = option(None, SHARE)
    """The share of each class that is cut for the test; none where the data have a test part."""

    def such_as(self) -> str:
        """The name of a file of series."""
        return "signals.npz"

    def data_words(self) -> str:
        """The number of test sequences that are scored."""
        return f"own series, {self.test_sequences} test sequences scored"

    def positions(self, length: int) -> int:
        """The positions of a sequence that the network reads, of ``length`` that there are."""
        return length

    def check_head(self, head: SeriesHead) -> None:
        """Raise a UserError where such a task cannot use these series."""

    def fitted(
        self, content: bytes, given: Collection[str], batch_size: int
    ) -> dict[str, int | float | str]:
        """The length of the longest sequence, all scored sequences, and a share for the test.

        Raises:
            UserError: a part is too small, or a class is missing in it.
        """
        head = read_head(content)
        share = self.test_share or (None if head.test.labels else USUAL_TEST)
        check_parts(head, share)
        self.check_head(head)
        sizes = sizes_of(head, self.validation_share, share)
        require(
            batch_size <= sizes["train"],
            f"{sizes['train']} training sequences are left, fewer than "
            f"train.batch_size={batch_size}: use at most train.batch_size={sizes['train']}",
        )
        found: dict[str, int | float | str] = {
            "eval_sequences": sizes["validation"],
            "test_sequences": sizes["test"],
            "length": self.positions(head.longest()),
        }
        for name in set(found) & set(given):
            check_fits(name, getattr(self, name), int(found[name]))
        return found | ({"test_share": share} if share is not None else {})


@dataclass(frozen=True, kw_only=True)
class SeriesConfig(OwnSeriesConfig):
    """Series with a class for each sequence."""

    classifies: ClassVar[bool] = True

    name: str = option("series", one_of(["series"]))
    """series: the class of a sequence."""
    readout: Literal["mean", "last"] = "mean"
    """What is classified: the mean over time, or the last position alone."""

    def check_head(self, head: SeriesHead) -> None:
        """Require two classes or more."""
        from focus_core.data.series import UNLABELLED

        require(
            head.classes != [UNLABELLED],
            "there are no classes, and task.name=series needs one for each sequence: y of an .npz, "
            "NAME_labels.npy, label of a table, @classLabel of a .ts; task.name=series_forecast "
            "needs none",
        )
        require(
            len(head.classes) >= 2,
            f"there is one class, {head.classes[0]!r}: a classification needs two or more",
        )


def check_fits(name: str, asked: int, there: int) -> None:
    """Require a length of ``there`` or more, and at most ``there`` scored sequences."""
    if name == "length":
        require(
            asked >= there,
            f"task.length = {asked}: the longest sequence has {there} positions; use {there} or "
            "more, shorter sequences are padded",
        )
        return
    require(asked <= there, f"task.{name} = {asked}: there are {there}; use at most {there}")


def read_head(content: bytes) -> SeriesHead:
    """The head of series.

    Raises:
        UserError: the content is no block of series, such as the data of another task.
    """
    from focus_core.data.series import unpack

    return unpack(content)[0]


def check_parts(head: SeriesHead, test_share: float | None) -> None:
    """Require each class in training, with enough sequences for every part that is cut."""
    from focus_core.data.series import UNLABELLED

    own = bool(head.test.labels)
    require(
        not (own and test_share),
        f"task.test_share = {test_share}: the data have a test part of {len(head.test.labels)} "
        "sequences; leave it out",
    )
    counts = Counter(head.train.labels)
    least = 2 if own else 3
    for number, name in enumerate(head.classes):
        called = f"class {name!r}" if name != UNLABELLED else "the file"
        require(
            counts[number] > 0,
            f"{called} is in the test part and not in training: add it there, or leave it out",
        )
        require(
            counts[number] >= least,
            f"{called} has {counts[number]} of the sequences to train on: {least} or more are "
            "needed, one for training and one for each scored part",
        )


def tested_counts(head: SeriesHead, test_share: float | None) -> dict[int, int]:
    """By class, the sequences that the test split takes of those to train on."""
    if test_share is None:
        return {}
    return _taken(Counter(head.train.labels), test_share, leave=2)


def validation_counts(counts: Mapping[int, int], validation_share: float) -> dict[int, int]:
    """By class, the sequences that validation takes of the ``counts`` that the test has left."""
    return _taken(counts, validation_share, leave=1)


def sizes_of(head: SeriesHead, validation_share: float, test_share: float | None) -> dict[str, int]:
    """The number of sequences in each split."""
    tested = tested_counts(head, test_share)
    left = {label: n - tested.get(label, 0) for label, n in Counter(head.train.labels).items()}
    validated = validation_counts(left, validation_share)
    return {
        "train": sum(left.values()) - sum(validated.values()),
        "validation": sum(validated.values()),
        "test": sum(tested.values()) or len(head.test.labels),
    }


def _taken(counts: Mapping[int, int], share: float, leave: int) -> dict[int, int]:
    """A share of each class, at least one sequence, such that ``leave`` of them are left."""
    return {label: min(n - leave, max(1, round(n * share))) for label, n in counts.items()}


SERIES = TaskEntry(config=SeriesConfig, module="focus_core.tasks.series.data", metric="accuracy")
