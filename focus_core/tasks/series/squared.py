"""What forecasting and regression share: squared errors of the targets that are numbers."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from focus_core.tasks.base import Predict
from focus_core.tasks.series.splits import OwnSeries

NOTHING = float("nan")
"""A target that no loss and no score counts."""


class SquaredErrors(OwnSeries):
    """Targets are float32, (B, L or 1, K), and ``NOTHING`` where there is none."""

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """Return the summed squared errors, and the number of values."""
        return squares(logits_BLV, targets_BL)

    def loss(self, logits_BLV: Tensor, targets_BL: Tensor, *, reduction: str = "sum") -> Tensor:
        """The ``sum`` or the ``mean`` of the squared errors of the values that count."""
        total = _squared(logits_BLV, targets_BL).sum()
        return total if reduction == "sum" else total / self.counted(targets_BL)

    def counted(self, targets_BL: Tensor) -> float:
        """The number of values that count."""
        return float(targets_BL.isfinite().sum())

    def _error(self, predict: Predict) -> float:
        """The mean squared error of ``predict`` on the test split."""
        return _mean(
            squares(predict(batch.inputs_BL, batch.lengths_B), batch.targets_BL)
            for batch in self.test_in_parts()
        )


def always(value: Tensor) -> Predict:
    """A prediction that reads nothing."""
    return lambda _inputs, _lengths: value


def squares(answers_BLK: Tensor, targets_BLK: Tensor) -> tuple[float, float]:
    """The summed squared errors of the targets that count, and the number of these targets."""
    total = _squared(answers_BLK, targets_BLK).double().sum()
    return float(total), float(targets_BLK.isfinite().sum())


def _squared(answers_BLK: Tensor, targets_BLK: Tensor) -> Tensor:
    counts_BLK = targets_BLK.isfinite()
    off_BLK = answers_BLK - targets_BLK.where(counts_BLK, 0.0)
    return off_BLK.square().where(counts_BLK, 0.0)


def _mean(found: Iterable[tuple[float, float]]) -> float:
    totals, counts = zip(*found, strict=True)
    return float(sum(totals) / sum(counts))
