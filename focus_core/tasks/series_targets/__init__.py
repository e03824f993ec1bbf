"""The options of predicting numbers of a person's own series. The task is in ``data``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from focus_core.errors import require
from focus_core.options.fields import one_of, option
from focus_core.tasks.entry import TaskEntry
from focus_core.tasks.series import OwnSeriesConfig

if TYPE_CHECKING:
    from focus_core.data.series import SeriesHead


@dataclass(frozen=True, kw_only=True)
class SeriesTargetsConfig(OwnSeriesConfig):
    """Series with one or several target values for each sequence."""

    classifies: ClassVar[bool] = True

    name: str = option("series_targets", one_of(["series_targets"]))
    """series_targets: one or several numbers for a sequence."""
    readout: Literal["mean", "last"] = "mean"
    """What is read: the mean over time, or the last position alone."""

    def check_head(self, head: SeriesHead) -> None:
        """Require target values."""
        require(
            bool(head.train.targets),
            "there are no target values, and task.name=series_targets needs them for each "
            "sequence: targets of an .npz, NAME_targets.npy, target of a table, @targetLabel of a "
            ".ts",
        )


SERIES_TARGETS = TaskEntry(
    config=SeriesTargetsConfig,
    module="focus_core.tasks.series_targets.data",
    metric="mean squared error",
)
