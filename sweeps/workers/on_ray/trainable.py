"""What Ray Tune runs in a worker: one trial under the guard, and results that are flat dicts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from focus_core.data.own import hold
from sweeps.record.attempts import Place
from sweeps.workers.guard import guarding
from sweeps.workers.worker import describe_failure, is_outside, train_trial

TRIAL_ID, PAYLOAD = "trial_id", "payload"
"""What Tune gets of a trial: the payload is JSON, since Tune keeps several copies of each setting
that it sees."""
REPORT = "report"
"""In a result: a flat dict of floats as JSON. Of each number that Tune sees it keeps a history."""
NOTE = "note"
"""In a result: why a worker does not continue from the checkpoint that it found."""
HOST, DEVICE, TORCH, STEP = "host", "device", "torch", "checkpoint_step"
"""In the result of an attempt that begins: see ``Driver.began``. There is no step where there is no
checkpoint."""
FAILED = "failed"
ERROR = "error"
OUTSIDE = "outside"
"""In a failed trial's result: whether the trial's surroundings failed (such as a disk)."""


def ray_trainable(
    config: dict[str, Any],
    credentials: Mapping[str, str] | None = None,
    own_data: bytes | None = None,
) -> None:
    """The function that Ray Tune runs. A trial's exception is a result, not a lost worker."""
    from ray import tune

    os.environ.update(credentials or {})
    if own_data is not None:
        hold(own_data)
    payload = json.loads(config[PAYLOAD])
    if payload["limits"]["share"]:
        share = share_of_host(payload["cpus"], payload["gpus"]) / 1e9
        payload = {**payload, "limits": {**payload["limits"], "rss_gb": share}}
    failure = _train_guarded(payload, tune.report)
    if failure is not None:
        _free_device()  # for the next trial of this process
        tune.report(failure)


def _train_guarded(
    payload: dict[str, Any], report: Callable[[dict[str, Any]], None]
) -> dict[str, Any] | None:
    """Train under the guard. Returns a result that says how the trial failed, or None."""
    try:
        with guarding(payload) as guard:

            def send(found: dict[str, float]) -> None:
                with guard.paused():
                    report({REPORT: json.dumps({name: float(x) for name, x in found.items()})})

            def say(note: str) -> None:
                with guard.paused():
                    report({NOTE: note})

            def began(place: Place, step: int | None) -> None:
                found = {HOST: place.host, DEVICE: place.device, TORCH: place.torch}
                with guard.paused():
                    report(found if step is None else found | {STEP: step})

            train_trial(payload, send, say, began)
    except Exception as error:  # noqa: BLE001  whatever a trial raises fails that trial alone
        reason, text = describe_failure(error)
        return {FAILED: reason, ERROR: text, OUTSIDE: is_outside(error)}
    return None


def _free_device() -> None:
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()


def share_of_host(cpus: float, gpus: float) -> float:
    """Bytes for a trial on this process's host, so that all trials there fit; 0 where unknown.

    Args:
        cpus: CPUs that the trial has.
        gpus: GPUs that the trial has.
    """
    import ray

    own = ray.get_runtime_context().get_node_id()
    resources = next(node["Resources"] for node in ray.nodes() if node["NodeID"] == own)
    return share_of(resources, cpus, gpus)


def share_of(resources: Mapping[str, float], cpus: float, gpus: float) -> float:
    """The same for a host with ``resources``, whose ``memory`` (bytes) is what Ray leaves to tasks.

    Whatever the trial has the largest part of decides: with the host's only GPU, a trial has the
    memory of the whole host.
    """
    asked = {"CPU": cpus, "GPU": gpus}
    parts = [asked[name] / resources[name] for name in asked if resources.get(name)]
    return resources.get("memory", 0.0) * min(1.0, max(parts, default=1.0))
