"""The options of forecasting a person's own series. The task is in ``data``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from focus_core.errors import require
from focus_core.options.fields import one_of, option
from focus_core.tasks.entry import TaskEntry
from focus_core.tasks.series import OwnSeriesConfig

if TYPE_CHECKING:
    from focus_core.data.series import SeriesHead


@dataclass(frozen=True, kw_only=True)
class SeriesForecastConfig(OwnSeriesConfig):
    """Series whose next values are forecast; classes may be missing."""

    name: str = option("series_forecast", one_of(["series_forecast"]))
    """series_forecast: the next value of every channel."""

    def positions(self, length: int) -> int:
        """All but the last, which is only forecast."""
        return length - 1

    def check_head(self, head: SeriesHead) -> None:
        """Require a next value in every sequence."""
        require(
            min(head.train.lengths + head.test.lengths) >= 2 and head.longest() >= 3,
            "a sequence of one position has no next value: leave it out, and give one sequence of "
            "3 or more",
        )


SERIES_FORECAST = TaskEntry(
    config=SeriesForecastConfig,
    module="focus_core.tasks.series_forecast.data",
    metric="mean squared error",
)
