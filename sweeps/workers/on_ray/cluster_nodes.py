"""What the connected cluster is like: its nodes, and what its autoscaler can add.

No version of Ray's autoscaler writes its maximum size where a driver can ask for it. So this module
reads the configuration that the autoscaler was started with. The autoscaler runs on the head, and
so does the driver (``ray exec``, ``ray job submit``). Elsewhere, as under KubeRay, the second
version of the autoscaler says at least which requests it cannot fulfil.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from sweeps.workers.on_ray.cluster_size import Cluster, NodeKind, Resources

HEAD = "node:__internal_head__"
"""The resource that Ray gives to the node of the head alone."""
MONITOR = "monitor.py"
CONFIG, OF_CLUSTER = "--autoscaling-config=", "--gcs-address="


class Looking:
    """Looks at the connected cluster, as often as it is asked to."""

    def __init__(self) -> None:
        import ray

        self._gcs_address: str = ray.get_runtime_context().gcs_address
        self._monitor = monitor_of(self._gcs_address)

    def __call__(self) -> Cluster:
        """The cluster as it is now."""
        import ray

        nodes: list[Resources] = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        head: Resources = next((node for node in nodes if HEAD in node), {})
        workers = [node for node in nodes if node is not head]
        if self._monitor is None:
            refused = refused_requests(self._gcs_address)
            return Cluster(
                head=head, workers=workers, open_end=refused is not None, refused=refused or 0
            )
        kinds, most = growth(configuration(self._monitor))
        return Cluster(head=head, workers=workers, kinds=kinds, most=most)


def growth(config: dict[str, Any]) -> tuple[list[NodeKind], int]:
    """The kinds of nodes that a cluster's configuration lets an autoscaler add, and how many."""
    most = int(config.get("max_workers", 0))
    kinds = [
        NodeKind(resources=_resources(kind), most=int(kind.get("max_workers", most)))
        for kind in config.get("available_node_types", {}).values()
    ]
    return [kind for kind in kinds if kind.most], most


def _resources(kind: dict[str, Any]) -> Resources:
    return {name: float(value) for name, value in (kind.get("resources") or {}).items()}


def configuration(monitor: list[str]) -> dict[str, Any]:
    """The configuration that ``monitor`` was started with; empty: it adds no node.

    ``ray up`` may have rewritten the file since.
    """
    paths = [word.removeprefix(CONFIG) for word in monitor if word.startswith(CONFIG)]
    with suppress(OSError, ValueError):
        return _read(paths[0], Path(paths[0]).expanduser().stat().st_mtime_ns) if paths else {}
    return {}


@lru_cache(maxsize=1)
def _read(path: str, _changed: int) -> dict[str, Any]:
    from ray.autoscaler.v2.instance_manager.config import FileConfigReader

    reader = FileConfigReader(str(Path(path).expanduser()))
    found: dict[str, Any] = reader.get_cached_autoscaling_config().get_raw_config_mutable()
    return found


def monitor_of(gcs_address: str) -> list[str] | None:
    """The command line of the autoscaler's process for the cluster at ``gcs_address``.

    None where no such process runs on this machine. Ray starts one beside every head; without a
    configuration it only reports.
    """
    for words in command_lines():
        of_ray = any(word.endswith(f"/{MONITOR}") for word in words)
        if of_ray and f"{OF_CLUSTER}{gcs_address}" in words:
            return words
    return None


def command_lines() -> Iterator[list[str]]:
    """The words of every process of this machine, as far as the system shows them."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_bytes().decode(errors="replace").split("\0")


def refused_requests(gcs_address: str) -> int | None:
    """How many requests the autoscaler cannot fulfil; None where no second version runs."""
    from ray._private.services import GcsClient
    from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply

    reply = GetClusterStatusReply()
    reply.ParseFromString(GcsClient(gcs_address).get_cluster_status(timeout_s=5))
    state = reply.autoscaling_state
    if not state.autoscaler_state_version:
        return None
    return len(state.infeasible_gang_resource_requests) + len(state.infeasible_resource_requests)
