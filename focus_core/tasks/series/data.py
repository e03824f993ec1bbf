"""Classify a person's own series of real numbers, of one or several channels.

With two channels, a sequence of class 1 is::

    inputs   (0.3, -1.2) (0.1, -0.9) (0.4, -1.0) padding padding
    targets  1, for the mean over its own three positions

``splits`` says how the sequences are split and standardised. The network gets the lengths of padded
sequences, and no padding counts in a mean over time. ``last`` reads a sequence's own last position.

The metric is the accuracy over the test sequences. ``balanced_accuracy``, at the end, is the mean
over classes of the accuracy within a class.

Published numbers are accuracies on an archive's own test part, after training on its whole training
part. Here validation takes a share of that part away, so a network trains on fewer sequences.
"""

from __future__ import annotations

import torch
from torch import Tensor

from focus_core.tasks.base import IGNORED, Batch, Predict, Task, accuracy
from focus_core.tasks.series import SeriesConfig
from focus_core.tasks.series.splits import OwnSeries, Sequences


def build(task: SeriesConfig, seed: int) -> Task:
    """Build the series for one seed; the seed changes only their order in training.

    Raises:
        UserError: the data are not there, or the options ask for more than they have.
    """
    return Series(task, seed)


class Series(OwnSeries):
    """See the module, and ``base.Task``."""

    def __init__(self, task: SeriesConfig, seed: int) -> None:
        super().__init__(task, seed)
        self.num_outputs = len(self.classes)
        self.chance = 1 / self.num_outputs
        self.readout = "mean" if task.readout == "mean" else "each"

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """Return the number of sequences whose class is right, and the number of sequences."""
        return accuracy(logits_BLV, targets_BL)

    def closing_scores(self, predict: Predict) -> dict[str, float]:
        """The balanced accuracy on the test split."""
        right_C, count_C = torch.zeros(2, self.num_outputs, dtype=torch.float64)
        for batch in self.test_in_parts():
            logits_BLV = predict(batch.inputs_BL, batch.lengths_B)
            counted_BL = batch.targets_BL != IGNORED
            class_B = batch.targets_BL[counted_BL]
            hit_B = logits_BLV.argmax(dim=-1)[counted_BL] == class_B
            count_C += torch.bincount(class_B, minlength=self.num_outputs)
            right_C += torch.bincount(class_B[hit_B], minlength=self.num_outputs)
        seen_C = count_C > 0
        return {"balanced_accuracy": float((right_C[seen_C] / count_C[seen_C]).mean())}

    def _batch(self, part: Sequences) -> Batch:
        values_BLC, lengths_B, classes_B = part.values_NLC, part.lengths_N, part.classes_N
        if self.readout == "mean":
            return Batch(values_BLC, classes_B[:, None], lengths_B)
        targets_BL = torch.full(values_BLC.shape[:2], IGNORED)
        targets_BL[torch.arange(len(classes_B)), lengths_B - 1] = classes_B
        return Batch(values_BLC, targets_BL, lengths_B)
