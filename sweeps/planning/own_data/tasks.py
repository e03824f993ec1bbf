"""Build the tasks of a plan over a person's own data: what their data cannot do is said at once."""

from __future__ import annotations

from focus_core.config import TrialConfig
from focus_core.errors import UserError, require
from focus_core.tasks import metric_of
from search_spaces.points import Point, sample_points
from search_spaces.space import Space
from sweeps.planning.own_data import OwnData


def check_tasks(space: Space, base: TrialConfig, data: OwnData | None) -> None:
    """Check that all trials share one metric, and that every task over own data can be built.

    Raises:
        UserError: two trials have different metrics, or the data cannot serve a task.
    """
    points = {space.configure(point, base).task: point for point in sample_points(space.axes)}
    metrics = sorted({metric_of(task) for task in points})
    require(
        len(metrics) <= 1,
        f"the trials would be scored by {' and by '.join(metrics)}, which cannot be compared: ask "
        "with one sweep for each",
    )
    if data is None:
        return
    from focus_core.tasks import build_task

    for task, point in points.items():
        try:
            build_task(task, seed=0)
        except UserError as error:
            raise UserError(f"{error}{_shown(point)}") from None


def _shown(point: Point) -> str:
    own = " ".join(f"{key}={value}" for key, value in point.items() if key.startswith("task."))
    return f" (at {own})" if own else ""
