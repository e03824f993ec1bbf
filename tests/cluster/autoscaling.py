"""Run on an island: Ray's fake autoscaling cluster, and launches on it. Writes one line a second.

``autoscaling.py FOLDER MIN MAX VERSION -- LAUNCHER'S WORDS``. The lines are JSON: seconds since the
start, live workers, trials that run, trials that wait for a node; at last the launcher's exit code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.cluster.island import ROOT

HEAD = "fffffffffffffffffffffffffffffffffffffffffffffffffff00000"
"""The id that the fake provider gives to the head (``FAKE_HEAD_NODE_ID``)."""
HEAD_KIND = "ray.head.default"
ADDRESS = "127.0.0.1:6379"
MEMORY = 80_000_000
PROVIDER = "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider"
"""By its class: by its short name, Ray reads a file that its wheel lacks."""
COMMANDS = (
    *("initialization_commands", "setup_commands", "head_setup_commands", "worker_setup_commands"),
    *("head_start_ray_commands", "worker_start_ray_commands", "cluster_synced_files"),
    *("rsync_exclude", "rsync_filter"),
)


def configuration(least: int, most: int) -> dict[str, object]:
    """Nodes of one CPU each, from ``least`` to ``most``, beside a head that trains nothing."""
    resources = {"CPU": 1, "object_store_memory": MEMORY}
    return {
        "cluster_name": "fake",
        "max_workers": most,
        "idle_timeout_minutes": 0.15,
        "upscaling_speed": 10.0,
        "provider": {
            "type": "external",
            "module": PROVIDER,
            "launch_multiple": True,
            "head_node_id": HEAD,
        },
        "head_node_type": HEAD_KIND,
        "available_node_types": {
            HEAD_KIND: {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
            "worker": {
                "resources": resources,
                "node_config": {},
                "min_workers": least,
                "max_workers": most,
            },
        },
        "auth": {},
        "docker": {},
        "file_mounts": {},
        "file_mounts_sync_continuously": False,
        **{name: [] for name in COMMANDS},
    }


def start(folder: Path, least: int, most: int, version: str) -> None:
    """Start the head with its autoscaler."""
    config = folder / "cluster.json"
    config.write_text(json.dumps(configuration(least, most)))
    of_two = {"RAY_CLOUD_INSTANCE_ID": HEAD, "RAY_OVERRIDE_NODE_ID_FOR_TESTING": HEAD}
    subprocess.run(
        [
            *("ray", "start", "--head", "--port=6379", "--num-cpus=0"),
            *(f"--object-store-memory={MEMORY}", "--include-dashboard=false"),
            f"--autoscaling-config={config}",
        ],
        env={
            **os.environ,
            "AUTOSCALER_UPDATE_INTERVAL_S": "1",
            "RAY_FAKE_CLUSTER": "1",
            "RAY_enable_autoscaler_v2": str(int(version == "2")),
            **(of_two if version == "2" else {}),
        },
        check=True,
        stdout=subprocess.DEVNULL,
    )


def watch(began: float, seconds: float, words: list[str], *, until_empty: bool = True) -> None:
    """Launch, and write what the cluster is like, until the launcher and all workers are gone."""
    from ray._private.services import GcsClient
    from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply

    gcs = GcsClient(address=ADDRESS)
    launcher = subprocess.Popen([sys.executable, str(ROOT / "sweeps" / "launch.py"), *words])
    while time.monotonic() - began < seconds:
        nodes = gcs.get_all_node_info().values()
        alive = sum(node.state == 0 for node in nodes) - 1
        reply = GetClusterStatusReply()
        reply.ParseFromString(gcs.get_cluster_status())
        waiting = len(reply.cluster_resource_state.pending_gang_resource_requests)
        code = launcher.poll()
        line = {"workers": alive, "waiting": waiting, "code": code}
        print(json.dumps({"seconds": round(time.monotonic() - began, 1), **line}), flush=True)
        if code is not None and (alive == 0 or not until_empty):
            return
        time.sleep(1)
    launcher.kill()


def main() -> None:
    """See the module's docstring."""
    folder, least, most, version = sys.argv[1:5]
    began = time.monotonic()
    start(Path(folder), int(least), int(most), version)
    watch(began, 240, sys.argv[6:], until_empty=least == "0")


if __name__ == "__main__":
    main()
