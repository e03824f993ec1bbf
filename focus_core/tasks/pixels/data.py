"""Classify images of digits, read pixel by pixel, row after row.

``smnist``: MNIST's 784 pixels in order. ``pmnist``: MNIST's pixels in a permuted order, which the
config records: bit reversal, as in S4 (Gu et al. 2022); the seeded permutation of the unitary
networks where ``permutation`` is urnn; or this project's own permutation where
``permutation_seed`` is given. ``digits``: scikit-learn's 8 x 8 digits, 64 pixels. Inputs are pixels
standardised by the mean and deviation of all training pixels. MNIST's test images are the official
ones. Validation images are a fixed tenth of the other images, for every seed.

Published numbers are accuracies on all 10,000 test images, after training on 54,000 images
(state-spaces/s4, src/dataloaders/basic.py: a tenth for validation, bit reversal, pixels from 0 to
1) or on 55,000 (SpartinStuff/scoRNN, scoRNN_mnist.py, like stwisdom/urnn and others: numpy's
permutation of seed 92916, the last position read, 70 epochs of batches of 50 at 1e-3). Each paper
chose its own length of training. TCN's permutation (locuslab/TCN) has no seed.
"""

from __future__ import annotations

import random
from functools import lru_cache

import torch
from torch import Tensor

from focus_core.data import data_folder
from focus_core.data.images import read_digits, read_mnist
from focus_core.tasks.base import ALL, Batch, Split, Task, generator, visits
from focus_core.tasks.classified import Classified
from focus_core.tasks.pixels import DigitsConfig, PixelsConfig, PmnistConfig, SmnistConfig

CLASSES = 10
URNN_SEED = 92916


def build(task: PixelsConfig, seed: int) -> Task:
    """Build the images for one seed; the seed changes only their order in training."""
    return Pixels(task, seed)


def pixel_order(task: PixelsConfig) -> Tensor:
    """The pixels in the order in which the task reads them, (L,)."""
    if not isinstance(task, PmnistConfig):
        return torch.arange(task.length)
    if task.permutation_seed is not None:
        drawn = generator(task.permutation_seed, "permutation")
        return torch.randperm(task.length, generator=drawn)
    if task.permutation == "urnn":
        return torch.tensor(numpy_permutation(URNN_SEED, task.length))
    return bit_reversal(task.length)


def bit_reversal(length: int) -> Tensor:
    """0 to ``length`` - 1 in bit-reversed order, with the bits of the next power of two."""
    width = (length - 1).bit_length()
    reversed_bits = (int(f"{i:0{width}b}"[::-1], 2) for i in range(2**width))
    return torch.tensor([i for i in reversed_bits if i < length])


def numpy_permutation(seed: int, length: int) -> list[int]:
    """``numpy.random.RandomState(seed).permutation(length)``, without numpy.

    Numpy and Python both use the Mersenne Twister, but fill its state from a seed in different
    ways. The shuffle goes from the last place to the second, and swaps each place with an earlier
    place or itself. The lowest bits of a draw give that place; draws that are too large are
    repeated.
    """
    state = [seed]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + i) & 0xFFFFFFFF)
    twister = random.Random()
    twister.setstate((3, (*state, 624), None))
    order = list(range(length))
    for last in range(length - 1, 0, -1):
        mask = (1 << last.bit_length()) - 1
        place = twister.getrandbits(32) & mask
        while place > last:
            place = twister.getrandbits(32) & mask
        order[last], order[place] = order[place], order[last]
    return order


class Pixels(Classified):
    """See the module, and ``base.Task``."""

    def __init__(self, task: PixelsConfig, seed: int) -> None:
        super().__init__(task.readout, CLASSES)
        self._task, self._seed = task, seed
        self._order_L = pixel_order(task)
        self._splits, self.mean, self.std = _read(
            isinstance(task, DigitsConfig), str(data_folder())
        )
        self._train_size = task.train_sequences or task.images.train

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """The next images, in a new order every epoch."""
        order_B = visits(self._seed, self._train_size, step * batch_size, batch_size)
        return self._images("train", order_B)

    def validation(self, rows: slice = ALL) -> Batch:
        """``rows`` of the first ``eval_sequences`` validation images."""
        return self._images("validation", torch.arange(self._task.eval_sequences)[rows])

    def test(self, rows: slice = ALL) -> Batch:
        """``rows`` of the first ``test_sequences`` test images."""
        return self._images("test", torch.arange(self._task.test_sequences)[rows])

    def _images(self, split: Split, which_B: Tensor) -> Batch:
        pixels_BL, classes_B = self._splits[split]
        values_BL = (pixels_BL[which_B][:, self._order_L].float() - self.mean) / self.std
        return self._batch(values_BL, classes_B[which_B].long())


Part = tuple[Tensor, Tensor]
"""Pixels (N, L) and classes (N,), uint8."""


@lru_cache(maxsize=2)
def _read(digits: bool, folder: str) -> tuple[dict[Split, Part], float, float]:  # noqa: ARG001
    """Every split in a fixed random order, and the mean and deviation of the training pixels.

    ``folder`` is only a key of the cache: another folder may have other data.
    """
    splits = _digits() if digits else _mnist()
    return splits, *_moments(splits["train"][0])


def _digits() -> dict[Split, Part]:
    pixels, classes = _shuffled(read_digits(), "digits")
    images = DigitsConfig.images
    first, second = images.test, images.test + images.validation
    return {
        "test": (pixels[:first], classes[:first]),
        "validation": (pixels[first:second], classes[first:second]),
        "train": (pixels[second:], classes[second:]),
    }


def _mnist() -> dict[Split, Part]:
    pixels, classes = _shuffled(read_mnist("train"), "mnist train")
    first = SmnistConfig.images.validation
    return {
        "test": _shuffled(read_mnist("t10k"), "mnist test"),
        "validation": (pixels[:first], classes[:first]),
        "train": (pixels[first:], classes[first:]),
    }


def _shuffled(images: tuple[Tensor, Tensor], purpose: str) -> tuple[Tensor, Tensor]:
    order_N = torch.randperm(len(images[0]), generator=generator(0, purpose))
    return images[0][order_N], images[1][order_N]


def _moments(pixels: Tensor) -> tuple[float, float]:
    """The exact mean and standard deviation of all pixels, without a float copy of the pixels."""
    counts = torch.bincount(pixels.flatten(), minlength=256).double()
    levels = torch.arange(256, dtype=torch.float64)
    mean = float((counts * levels).sum() / counts.sum())
    return mean, float((counts * (levels - mean) ** 2).sum() / counts.sum()) ** 0.5
