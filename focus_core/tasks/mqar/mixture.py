"""Sequences of several lengths in one trial: the mixture that Based was trained and tested on.

With ``task.length`` L = 1024 (arXiv 2402.18668, figure 2; HazyResearch/zoology,
arxiv24_based_figure2/configs.py) the parts, as (length, pairs), are those published::

    training  5/9 (64, 4)   1/9 each of (128, 8) (256, 16) (256, 32) (256, 64)
    scored    1/7 each of (64, 4) (64, 8) (64, 16) (128, 32) (256, 64) (512, 128) (1024, 256)

Another L scales all parts. A training batch has sequences of one part. In every nine batches each
part has its share, in a new random order. Therefore the parts of a finite training set begin their
epochs together. The metric is the published one: the mean over sequences of each sequence's share
of right answers. A long sequence, with many queries, counts no more than a short one.

In a batch that scores, blanks follow the end of a shorter sequence. A causal network sees these
blanks only after it has answered.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from focus_core.tasks.base import (
    ALL,
    IGNORED,
    Batch,
    FirstSeen,
    Predict,
    Split,
    Task,
    generator,
    visits,
)
from focus_core.tasks.drawn import Drawn
from focus_core.tasks.mqar import MqarConfig

Build = Callable[[MqarConfig, int], Drawn[MqarConfig]]
"""Builds a part of one length from the part's config and seed."""
Shape = tuple[int, int]
"""Number of tokens, and number of key-value pairs."""

ROWS_AT_ONCE = 16  # sequences in a batch where parts are scored one by one


def trained_shapes(length: int) -> Counter[Shape]:
    """The training parts, with their shares in ninths."""
    return _scaled(length, {(16, 256): 5, (8, 128): 1, (4, 64): 1, (4, 32): 1, (4, 16): 1})


def scored_shapes(length: int) -> Counter[Shape]:
    """The scored parts, with their shares in sevenths."""
    few = [(16, 256), (16, 128), (16, 64), (8, 32), (4, 16), (2, 8), (1, 4)]
    return _scaled(length, dict.fromkeys(few, 1))


def _scaled(length: int, shares: dict[Shape, int]) -> Counter[Shape]:
    """Shapes for ``length``; parts that get the same shape (below 256 tokens) become one."""
    found: Counter[Shape] = Counter()
    for (shorter, fewer), share in shares.items():
        found[(length // shorter, max(1, length // fewer))] += share
    return found


def mixture(task: MqarConfig, seed: int, build: Build) -> Task:
    """Build the mixture for one seed; ``build`` builds a part of one length."""
    return Mixture(task, seed, build)


class Mixture(Task):
    """See the module, and ``base.Task``."""

    def __init__(self, task: MqarConfig, seed: int, build: Build) -> None:
        self._seed = seed
        trained, scored = trained_shapes(task.length), scored_shapes(task.length)
        self._tickets = [part for part, share in enumerate(trained.values()) for _ in range(share)]
        train = _dealt(task.train_sequences, list(trained.values()))
        validation = _dealt(task.eval_sequences, list(scored.values()))
        test = _dealt(task.test_sequences, list(scored.values()))

        def part(shape: Shape, number: int, *counts: int) -> Drawn[MqarConfig]:
            train, validation, test = counts
            config = dataclasses.replace(
                task,
                mixture="single",
                length=shape[0],
                pairs=shape[1],
                train_sequences=train,
                eval_sequences=validation,
                test_sequences=test,
            )
            return build(config, generator(seed, "part", number).initial_seed())

        self._trained = [part(shape, n, train[n], 0, 0) for n, shape in enumerate(trained)]
        self._scored = [
            part(shape, len(trained) + n, 0, validation[n], test[n])
            for n, shape in enumerate(scored)
        ]
        self._names = [f"test_{length}x{pairs}" for length, pairs in scored]
        self._sizes: dict[Split, list[int]] = {"validation": validation, "test": test}
        any_part = self._scored[0]
        self.vocab_size = self.num_outputs = any_part.num_outputs
        self.chance = any_part.chance

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """The next batch of the part whose turn it is."""
        around, place = divmod(step, len(self._tickets))
        turns = [
            self._tickets[ticket]
            for ticket in visits(self._seed, len(self._tickets), step - place, place + 1).tolist()
        ]
        part = turns[-1]
        done = around * self._tickets.count(part) + turns[:-1].count(part)
        batch: Batch = self._trained[part].train_batch(done, batch_size)
        return batch

    def validation(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``eval_sequences`` different sequences, part after part."""
        return self._rows("validation", rows)

    def test(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``test_sequences`` different sequences, part after part."""
        return self._rows("test", rows)

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """Return the sum over sequences of the share of right answers, and the sequence count."""
        counted_BL = targets_BL != IGNORED
        right_BL = (logits_BLV.argmax(dim=-1) == targets_BL) & counted_BL
        share_B = right_BL.sum(dim=1).double() / counted_BL.sum(dim=1)
        return float(share_B.sum()), float(len(share_B))

    def window_ceiling(self, first_seen: FirstSeen) -> float:
        """The mean of the parts' ceilings, weighted by their numbers of test sequences."""
        ceilings = [part.window_ceiling(first_seen) for part in self._scored]
        sizes = self._sizes["test"]
        total = sum(c * n for c, n in zip(ceilings, sizes, strict=True) if c is not None)
        return total / sum(sizes)

    def key_place(self, row: int) -> int | None:
        """The ``key_place`` of the part to which the test sequence belongs."""
        for part, size in zip(self._scored, self._sizes["test"], strict=True):
            if row < size:
                return part.key_place(row)
            row -= size
        return None

    def closing_scores(self, predict: Predict) -> dict[str, float]:
        """The score on each part of the test split: ``test_64x4`` for 64 tokens and 4 pairs."""
        found = {}
        for name, part, size in zip(self._names, self._scored, self._sizes["test"], strict=True):
            total = 0.0
            for start in range(0, size, ROWS_AT_ONCE):
                batch = part.test(slice(start, start + ROWS_AT_ONCE))
                total += self.score(predict(batch.inputs_BL), batch.targets_BL)[0]
            found[name] = total / size
        return found

    def _rows(self, split: Split, rows: slice) -> Batch:
        start, stop, _ = rows.indices(sum(self._sizes[split]))
        batches = []
        for part, size in zip(self._scored, self._sizes[split], strict=True):
            own = slice(max(0, start), max(0, min(stop, size)))
            if own.start < own.stop:
                batches.append(part.validation(own) if split == "validation" else part.test(own))
            start, stop = start - size, stop - size
        return _stacked(batches)


def _stacked(batches: list[Batch]) -> Batch:
    """Join batches at the longest length; blanks, which do not count, follow shorter sequences."""
    length = max(batch.inputs_BL.shape[1] for batch in batches)
    wider = [length - batch.inputs_BL.shape[1] for batch in batches]
    padded = [
        (functional.pad(b.inputs_BL, (0, n)), functional.pad(b.targets_BL, (0, n), value=IGNORED))
        for b, n in zip(batches, wider, strict=True)
    ]
    return Batch(torch.cat([i for i, _ in padded]), torch.cat([t for _, t in padded]))


def _dealt(count: int, shares: list[int]) -> list[int]:
    """Split ``count`` sequences in proportion to ``shares``; the first part gets the remainder."""
    dealt = [count * share // sum(shares) for share in shares]
    return [dealt[0] + count - sum(dealt), *dealt[1:]]
