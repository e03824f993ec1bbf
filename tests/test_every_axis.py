"""A value that is swept but never reaches the model makes a sweep that shows nothing.

Trials that differ in one axis are trained for a few steps with the same seed: their losses must
differ, in every axis of every space.
"""

import pytest
import torch

import search_spaces
from focus_core.config import TrialConfig
from focus_core.training.loop import fit
from search_spaces.points import Point, ends, sample_points, settled
from search_spaces.space import Axis, Space

BRIEF = {
    "train.steps": 3,
    "train.warmup_steps": 0,
    "train.eval_every": 1,
    "train.batch_size": 4,
    "task.eval_sequences": 8,
    "task.test_sequences": 8,
}
AXES = [(n, axis.key) for n in search_spaces.names() for axis in search_spaces.load(n).axes]


def losses(trial: TrialConfig) -> list[float]:
    """Training and validation losses of a few steps, exactly."""
    reports: list[dict[str, float]] = []
    fit(trial.override(BRIEF), [0], reports.append, device=torch.device("cpu"))
    return [report[key] for report in reports for key in ("train_loss/0", "loss/0")]


@pytest.mark.parametrize(("name", "key"), AXES)
def test_every_axis_reaches_the_training(name: str, key: str) -> None:
    space = search_spaces.load(name)
    base = space.base()
    axis = next(axis for axis in space.axes if axis.key == key)
    points = [p for p in sample_points(space.axes) if key in p]
    # Here or there an axis may have no effect yet: an identity filter is the same however it is
    # computed.
    tried = (points[0], points[len(points) // 2], points[-1])
    assert any(matters(space, base, axis, point) for point in tried)


def matters(space: Space, base: TrialConfig, axis: Axis, point: Point) -> bool:
    """Do the two ends of ``axis``, at ``point``, train differently?"""
    settings = [settled(space.axes, point | {axis.key: value}) for value in ends(axis)]
    first, last = (losses(space.configure(p, base)) for p in settings)
    return first != last


def test_the_same_trial_twice_is_the_same() -> None:
    """Negative control: what differs above is not chance."""
    assert losses(TrialConfig()) == losses(TrialConfig())
