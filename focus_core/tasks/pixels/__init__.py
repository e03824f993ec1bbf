"""The options of the tasks that read images pixel by pixel. The tasks are in ``data``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from focus_core.errors import require
from focus_core.options.fields import NOT_NEGATIVE, one_of, option
from focus_core.options.task import SetTaskConfig
from focus_core.tasks.entry import TaskEntry


class Images(NamedTuple):
    """The sizes of a data set of images: pixels of an image, and images in each split."""

    pixels: int
    train: int
    validation: int
    test: int


MNIST = Images(pixels=784, train=54_000, validation=6_000, test=10_000)
DIGITS = Images(pixels=64, train=1_257, validation=180, test=360)


@dataclass(frozen=True, kw_only=True)
class PixelsConfig(SetTaskConfig):
    """The images, and the read-out that classifies a sequence."""

    classifies: ClassVar[bool] = True
    images: ClassVar[Images] = MNIST

    readout: Literal["mean", "last"] = "mean"
    """What is classified: the mean over time, or the last position alone."""

    def check(self) -> None:
        """Require sequences as long as an image, and no more images than the data set has."""
        images = self.images
        require(
            self.length == images.pixels,
            f"task.length = {self.length}: {self.name} has {images.pixels} pixels; use "
            f"task.length={images.pixels}",
        )
        asked = {
            "train_sequences": images.train,
            "eval_sequences": images.validation,
            "test_sequences": images.test,
        }
        for name, most in asked.items():
            count = getattr(self, name)
            require(
                count <= most,
                f"task.{name} = {count}: {self.name} has {most} of these images; use at most "
                f"{most}",
            )
        super().check()

    def set_size(self) -> int:
        """The size of a finite training set; 0 where it is all training images."""
        return 0 if self.train_sequences == self.images.train else self.train_sequences

    def data_words(self) -> str:
        """The number of test images that are scored."""
        return f"{self.test_sequences} of {self.images.test} test images"


@dataclass(frozen=True, kw_only=True)
class SmnistConfig(PixelsConfig):
    """MNIST, row by row."""

    name: str = option("smnist", one_of(["smnist"]))
    """The images."""


@dataclass(frozen=True, kw_only=True)
class PmnistConfig(PixelsConfig):
    """MNIST, with permuted pixels."""

    name: str = option("pmnist", one_of(["pmnist"]))
    permutation_seed: int | None = option(None, NOT_NEGATIVE)
    """The seed of this project's own permutation; none: a published permutation."""
    permutation: Literal["bit_reversal", "urnn"] = option(
        "bit_reversal", when=lambda _, task: task.permutation_seed is None
    )
    """A published permutation: S4's bit reversal, or that of the unitary networks."""


@dataclass(frozen=True, kw_only=True)
class DigitsConfig(PixelsConfig):
    """8 x 8 digits, which come with scikit-learn."""

    images: ClassVar[Images] = DIGITS
    name: str = option("digits", one_of(["digits"]))


_MODULE = "focus_core.tasks.pixels.data"
SMNIST = TaskEntry(config=SmnistConfig, module=_MODULE, metric="accuracy", data="mnist")
PMNIST = TaskEntry(config=PmnistConfig, module=_MODULE, metric="accuracy", data="mnist")
DIGITS_TASK = TaskEntry(config=DigitsConfig, module=_MODULE, metric="accuracy", data="digits")
