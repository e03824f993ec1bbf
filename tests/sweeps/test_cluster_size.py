from __future__ import annotations

import pytest

from sweeps.workers.on_ray.cluster_size import UNKNOWN_ROOM, ClusterTooSmallError, room


@pytest.mark.parametrize(
    ("resources", "cpus", "gpus", "fits"),
    [
        ({"CPU": 8.0}, 1, 0, 8),
        ({"CPU": 8.0}, 3, 0, 2),
        ({"CPU": 8.0, "GPU": 2.0}, 1, 1, 2),
        ({"CPU": 8.0, "GPU": 2.0}, 1, 0.25, 8),
        ({"CPU": 2.0, "GPU": 2.0}, 1, 0.25, 2),
    ],
)
def test_as_many_trials_as_fit(
    resources: dict[str, float], cpus: float, gpus: float, fits: int
) -> None:
    assert room(resources, cpus, gpus) == fits


@pytest.mark.parametrize(("cpus", "gpus"), [(4, 0), (1, 1)])
def test_a_trial_that_never_fits_is_refused(cpus: float, gpus: float) -> None:
    with pytest.raises(ClusterTooSmallError, match="lower --cpus-per-trial or --gpus-per-trial"):
        room({"CPU": 2.0}, cpus, gpus)


def test_a_head_without_workers_yet_is_not_refused() -> None:
    """The autoscaler adds nodes for what is asked for."""
    assert room({"CPU": 0.0}, 1, 1, is_all=False) == UNKNOWN_ROOM
