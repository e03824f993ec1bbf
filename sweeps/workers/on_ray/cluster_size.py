"""How many trials a cluster has room for, now or once its autoscaler has added nodes."""

from __future__ import annotations

from focus_core.errors import UserError

UNKNOWN_ROOM = 16
"""The least number of trials at once where an autoscaler does not say its maximum size."""

Resources = dict[str, float]


class ClusterTooSmallError(UserError):
    """A trial asks for more than the cluster has or can grow to."""


def largest() -> tuple[Resources, bool]:
    """The resources of the connected cluster at its largest, and whether they are its maximum.

    The second value is False where an autoscaler runs and does not say its maximum size.
    """
    import ray
    from ray._private.ray_constants import DEBUG_AUTOSCALING_STATUS
    from ray._private.state import state
    from ray.experimental.internal_kv import _internal_kv_get

    present: Resources = ray.cluster_resources()
    growth = state.get_max_resources_from_cluster_config()
    if growth is not None:
        names = present.keys() | growth.keys()
        return {n: max(present.get(n, 0), growth.get(n, 0)) for n in names}, True
    return present, _internal_kv_get(DEBUG_AUTOSCALING_STATUS) is None


def room(resources: Resources, cpus: float, gpus: float, *, is_all: bool = True) -> int:
    """How many trials fit at once.

    Args:
        resources: ``{"CPU": 2.0, "GPU": 1.0 ...}``.
        cpus: CPUs that a trial takes.
        gpus: GPUs that a trial takes; may be a fraction.
        is_all: False where an autoscaler may add more than ``resources``.

    Raises:
        ClusterTooSmallError: not even one trial fits.
    """
    fits = int(resources.get("CPU", 0) // cpus)
    if gpus:
        fits = min(fits, int(resources.get("GPU", 0) / gpus))
    if fits < 1 and is_all:
        raise ClusterTooSmallError(
            f"a trial takes {cpus:g} CPUs and {gpus:g} GPUs, but there are "
            f"{resources.get('CPU', 0):g} and {resources.get('GPU', 0):g}: lower "
            "--cpus-per-trial or --gpus-per-trial"
        )
    return fits if is_all else max(fits, UNKNOWN_ROOM)
