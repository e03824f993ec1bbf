"""Benchmarks as published: data, lengths, training sequences, epochs, learning rates, scores.

The facts come from the files that each entry names. No torch here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

Fields = Mapping[str, object]


class Protocol(NamedTuple):
    """A published way to run a task.

    Attributes:
        name: the publication, in a few words.
        source: the file or table that has the facts.
        data: by dotted key, the options that fix the training data and what is scored.
        batch_size: sequences in a step; None where every paper has its own training.
        epochs: number of times that each training sequence is used.
        rates: the learning rates that the publication tried.
    """

    name: str
    source: str
    data: dict[str, object]
    batch_size: int | None = None
    epochs: int = 0
    rates: tuple[float, ...] = ()

    def settings(self) -> dict[str, object]:
        """Dotted keys and values that make a trial follow this protocol, at its first rate."""
        if self.batch_size is None:
            return dict(self.data)
        return self.data | {
            "train.batch_size": self.batch_size,
            "train.steps": self._steps()[0],
            "train.learning_rate": self.rates[0],
        }

    def has_data_of(self, about: Fields) -> bool:
        """Whether a trial has the training data and the scored data of this protocol."""
        return all(about.get(key) == value for key, value in self.data.items())

    def has_training_of(self, about: Fields) -> bool:
        """Whether a trial has the batch size, the steps and a learning rate of this protocol."""
        rate = about.get("train.learning_rate")
        return (
            self.batch_size is not None
            and about.get("train.batch_size") == self.batch_size
            and about.get("train.steps") in self._steps()
            and isinstance(rate, int | float)
            and any(math.isclose(rate, tried, rel_tol=0.02) for tried in self.rates)
        )

    def _steps(self) -> tuple[int, int]:
        """The steps of all epochs, counted in two ways.

        The first is the published count, where each epoch ends with a smaller batch. The second is
        this project's count, where a batch may span the end of an epoch.
        """
        size, batch = int(str(self.data["task.train_sequences"])), self.batch_size or 1
        return self.epochs * -(-size // batch), -(-self.epochs * size // batch)


def _recall(
    name: str, source: str, tokens: int, symbols: int, epochs: int, **other: int
) -> Protocol:
    data = {
        "task.name": "recall",
        "task.length": tokens,
        "task.keys": symbols,
        "task.values": symbols,
        "task.loss": "all",
        "task.train_sequences": 5000,
        "task.test_sequences": 500,
    }
    data |= {f"task.{key}": value for key, value in other.items()}
    return Protocol(name, source, data, batch_size=32, epochs=epochs, rates=(5e-4,))


def _mqar(**fields: object) -> dict[str, object]:
    usual = {"name": "mqar", "keys": 4095, "values": 4096} | fields
    return {f"task.{key}": value for key, value in usual.items()}


_SAFARI = "HazyResearch/safari, configs/experiment/synthetics/associative_recall/"
_ZOOLOGY = "HazyResearch/zoology, zoology/experiments/paper_configs/"
_TXL = "kimiyoung/transformer-xl, "
_WHOLE = {"task.prefix": 0}
_IMAGES: dict[str, object] = {
    "task.length": 784,
    "task.train_sequences": 0,
    "task.test_sequences": 10_000,
}

PUBLISHED = (
    *(
        Protocol(
            "zoology figure 2",
            _ZOOLOGY + "iclr24_zoology_figure2/configs.py",
            _mqar(
                length=length,
                pairs=pairs,
                mixture="single",
                random_non_queries=False,
                train_sequences=100_000,
                test_sequences=3_000,
            ),
            batch_size=batch_size,
            epochs=64,
            rates=(1e-4, 4.64e-4, 2.15e-3, 1e-2),
        )
        for length, pairs, batch_size in (
            (64, 4, 512),
            (128, 8, 512),
            (256, 16, 256),
            (512, 64, 128),
        )
    ),
    Protocol(
        "Based figure 2",
        _ZOOLOGY + "arxiv24_based_figure2/configs.py",
        _mqar(
            length=1024,
            mixture="based",
            random_non_queries=True,
            train_sequences=180_000,
            test_sequences=7_000,
        ),
        batch_size=256,
        epochs=32,
        rates=(1e-3, 3.16e-3, 1e-2, 3.16e-2),
    ),
    *(
        _recall(
            "Hyena Table A.1",
            "Poli et al. 2023, arXiv 2302.10866",
            tokens,
            14,
            200,
            train_sequences=2_000,
        )
        for tokens in (32, 1026, 8194, 32_770, 65_538)
    ),
    _recall("safari recall", _SAFARI + "base.yaml", 42, 9, 400),
    _recall("safari recall of 10 symbols", _SAFARI + "vocab_size_10.yaml", 22, 4, 200),
    _recall(
        "safari recall of 131K",
        _SAFARI + "hyena-131k-30vs.yaml",
        131_074,
        14,
        400,
        train_sequences=4_000,
    ),
    Protocol(
        "S4's sMNIST",
        "state-spaces/s4, src/dataloaders/basic.py",
        {"task.name": "smnist", **_IMAGES},
    ),
    Protocol(
        "S4's pMNIST",
        "state-spaces/s4, src/dataloaders/basic.py",
        {
            "task.name": "pmnist",
            "task.permutation_seed": None,
            "task.permutation": "bit_reversal",
            **_IMAGES,
        },
    ),
    Protocol(
        "unitary networks' pMNIST",
        "SpartinStuff/scoRNN, scoRNN_mnist.py",
        {
            "task.name": "pmnist",
            "task.permutation_seed": None,
            "task.permutation": "urnn",
            "task.readout": "last",
            **_IMAGES,
        },
    ),
    *(
        Protocol(
            f"Transformer-XL of {layers} layers",
            _TXL + source,
            {"task.name": name, "task.length": length, "task.context": context, **_WHOLE},
        )
        for name, layers, length, context, source in (
            ("enwik8", 12, 2180, 2100, "pytorch/run_enwik8_base.sh"),
            ("enwik8", 24, 3928, 3800, "tf/sota/enwik8.sh"),
            ("text8", 24, 3928, 3800, "tf/sota/text8.sh"),
        )
    ),
)
