"""Predict one or several real numbers of each of a person's own series.

With two channels and one target::

    inputs   (0.3, -1.2) (0.1, -0.9) (0.4, -1.0) padding padding
    target   0.7, for the mean over its own three positions

``splits`` says how the sequences are split and standardised; targets are standardised likewise. The
metric is the mean squared error over all targets of the test sequences, in units of the training
split's variance. ``r_squared``, at the end, is 1 minus that error divided by the variance of the
test targets around their own mean, a mean over targets.

No published number compares: the scale and the cuts are this project's.
"""

from __future__ import annotations

import torch

from focus_core.errors import require
from focus_core.tasks.base import Batch, Predict, Task
from focus_core.tasks.series.splits import Sequences
from focus_core.tasks.series.squared import NOTHING, SquaredErrors, always
from focus_core.tasks.series_targets import SeriesTargetsConfig


def build(task: SeriesTargetsConfig, seed: int) -> Task:
    """Build the series for one seed; the seed changes only their order in training.

    Raises:
        UserError: the data are not there, a target never changes in the test, or the options ask
            for more than they have.
    """
    return Regression(task, seed)


class Regression(SquaredErrors):
    """See the module, and ``base.Task``."""

    def __init__(self, task: SeriesTargetsConfig, seed: int) -> None:
        super().__init__(task, seed)
        self.readout = "mean" if task.readout == "mean" else "each"
        tested_NK = self._splits["test"].targets_NK[: task.test_sequences].double()
        self.num_outputs = tested_NK.shape[1]
        self.chance = self._error(always(torch.zeros(())))
        self._variance_K = tested_NK.var(dim=0, correction=0)
        require(
            bool((self._variance_K > 0).all()),
            "a target is the same for all test sequences: no share of its variance can be told",
        )

    def closing_scores(self, predict: Predict) -> dict[str, float]:
        """The share of the test targets' variance that is predicted; below 0 for a bad answer."""
        total_K = torch.zeros(self.num_outputs, dtype=torch.float64)
        for batch in self.test_in_parts():
            off_BLK = predict(batch.inputs_BL, batch.lengths_B) - batch.targets_BL
            total_K += off_BLK.double().square().nan_to_num().sum(dim=(0, 1))
        error_K = total_K / self._task.test_sequences
        return {"r_squared": float((1 - error_K / self._variance_K).mean())}

    def _batch(self, part: Sequences) -> Batch:
        values_BLC, lengths_B, targets_BK = part.values_NLC, part.lengths_N, part.targets_NK
        if self.readout == "mean":
            return Batch(values_BLC, targets_BK[:, None], lengths_B)
        targets_BLK = torch.full((*values_BLC.shape[:2], targets_BK.shape[1]), NOTHING)
        targets_BLK[torch.arange(len(lengths_B)), lengths_B - 1] = targets_BK
        return Batch(values_BLC, targets_BLK, lengths_B)
