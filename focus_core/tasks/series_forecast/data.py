"""Forecast the next value of each channel of a person's own series.

With one channel and three positions::

    inputs    0.3   0.1  padding
    targets   0.1   0.4  -

``splits`` says how the sequences are split and standardised; classes are used for the cuts alone.
The metric is the mean squared error over all channels of all next values of the test sequences, in
units of the training split's variance. ``ratio_to_last``, at the end, divides it by the error of a
forecast that repeats the last value.

No published number compares: the scale and the cuts are this project's.
"""

from __future__ import annotations

import torch

from focus_core.errors import require
from focus_core.tasks.base import Batch, Predict, Task
from focus_core.tasks.series.splits import Sequences
from focus_core.tasks.series.squared import NOTHING, SquaredErrors, always
from focus_core.tasks.series_forecast import SeriesForecastConfig


def build(task: SeriesForecastConfig, seed: int) -> Task:
    """Build the series for one seed; the seed changes only their order in training.

    Raises:
        UserError: the data are not there or never change, or the options ask for more than they
            have.
    """
    return Forecast(task, seed)


class Forecast(SquaredErrors):
    """See the module, and ``base.Task``."""

    def __init__(self, task: SeriesForecastConfig, seed: int) -> None:
        super().__init__(task, seed)
        self.num_outputs = self.channels
        self.chance = self._error(always(torch.zeros(())))
        self.of_last = self._error(lambda inputs_BLC, _: inputs_BLC)
        require(
            self.of_last > 0,
            "the test sequences never change: the last value forecasts them without an error",
        )

    def closing_scores(self, predict: Predict) -> dict[str, float]:
        """The error on the test split, divided by that of repeating the last value."""
        return {"ratio_to_last": self._error(predict) / self.of_last}

    def _batch(self, part: Sequences) -> Batch:
        values_BTC, lengths_B = part.values_NLC, part.lengths_N
        next_BL = torch.arange(1, values_BTC.shape[1])
        is_padding_BL1 = (next_BL >= lengths_B[:, None])[..., None]
        targets_BLC = values_BTC[:, 1:].masked_fill(is_padding_BL1, NOTHING)
        return Batch(values_BTC[:, :-1], targets_BLC, lengths_B - 1)
