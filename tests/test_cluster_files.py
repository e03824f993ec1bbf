"""The cluster files against Ray's own schema and scheduler, and against what they promise."""

from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parent.parent
AWS, GCP, OWN = (
    ROOT / name for name in ("ray_cluster.yaml", "cluster/gcp.yaml", "cluster/on_premises.yaml")
)
EVERY = pytest.mark.parametrize("path", [AWS, GCP, OWN], ids=lambda path: path.stem)
RENTED = pytest.mark.parametrize("path", [AWS, GCP], ids=lambda path: path.stem)
GPUS = {"g4dn.xlarge": 1, "g5.xlarge": 1, "g5.2xlarge": 1, "g6.xlarge": 1, "g5.12xlarge": 4}
GPUS |= {"g2-standard-4": 1, "g2-standard-8": 1, "g2-standard-24": 2}
HEADS = {"m6i.xlarge", "m7i.xlarge", "n2-standard-4"}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def prepared(config: dict[str, Any]) -> Any:
    """As ``ray up`` sees it: defaults filled in, then validated."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    full = prepare_config(copy.deepcopy(config))
    validate_config(full)
    return full


@EVERY
def test_ray_accepts_it(path: Path) -> None:
    full = prepared(load(path))
    assert full["cluster_name"] == "focus-sweeps"
    assert full["head_node_type"] in full["available_node_types"]


@EVERY
def test_ray_refuses_a_misspelt_key(path: Path) -> None:
    """Negative control: the schema is not one that takes everything."""
    with pytest.raises(Exception, match="max_wokers"):
        prepared(load(path) | {"max_wokers": 3})
    with pytest.raises(Exception, match="is not of type"):
        prepared(load(path) | {"idle_timeout_minutes": "soon"})


@EVERY
def test_every_node_installs_this_project_and_nothing_else(path: Path) -> None:
    full = prepared(load(path))
    project = next(iter(full["file_mounts"]))
    assert full["file_mounts"] == {project: "."}
    assert full["rsync_filter"] == [".gitignore"]
    for role in ("head_setup_commands", "worker_setup_commands"):
        (command,) = full[role]
        assert command.endswith(f" bash {project}/cluster/setup.sh")
        assert " FOCUS_CHECKPOINTS=" in f" {command}"
    script = (ROOT / "cluster" / "setup.sh").read_text()
    assert '-c "$project/constraints.txt" -e "$project[$extras]"' in script


@EVERY
def test_ray_starts_alike_on_every_node(path: Path) -> None:
    full = prepared(load(path))
    head, worker = full["head_start_ray_commands"], full["worker_start_ray_commands"]
    assert head[0] == worker[0] == "ray stop"
    assert "--head --port=6379 --autoscaling-config=~/ray_bootstrap_config.yaml" in head[1]
    assert "--address=$RAY_HEAD_IP:6379" in worker[1]
    local = full["provider"]["type"] == "local"
    assert ("RAY_enable_autoscaler_v2=0 ray start --head" in head[1]) == local


def machine(kind: Any) -> Any:
    return kind["node_config"].get("InstanceType") or kind["node_config"].get("machineType")


def is_spot(kind: Any) -> bool:
    config = kind["node_config"]
    market = config.get("InstanceMarketOptions") or config.get("scheduling", {})
    return "spot" in json.dumps(market).lower()


@RENTED
def test_a_head_that_trains_nothing_and_workers_that_come_and_go(path: Path) -> None:
    full = prepared(load(path))
    types = dict(full["available_node_types"])
    head = types.pop(full["head_node_type"])
    assert head["resources"]["CPU"] == 0
    assert head["resources"].get("GPU", 0) == 0
    assert machine(head) in HEADS
    assert not is_spot(head)  # a head that vanishes ends the sweep
    for worker in types.values():
        assert worker["min_workers"] == 0
        assert worker["resources"] == {"CPU": 4, "GPU": GPUS[machine(worker)]}
    assert sum(worker["max_workers"] for worker in types.values()) == full["max_workers"]
    assert {name: is_spot(kind) for name, kind in types.items()} == {
        "gpu_spot": True,
        "gpu_on_demand": False,
    }
    assert "nvidia" in json.dumps(types)  # their image has its driver
    assert full["idle_timeout_minutes"] <= 10


@RENTED
def test_what_would_cost_money_unseen(path: Path) -> None:
    """A stopped machine keeps its disk; a worker whose head is gone is ended by nobody else."""
    full = prepared(load(path))
    assert full["provider"]["cache_stopped_nodes"] is False
    last = full["worker_start_ray_commands"][-1]
    assert "off_without_ray.sh" in last
    assert last.endswith("&")  # not waited for
    assert not any("off_without_ray" in command for command in full["head_start_ray_commands"])


def launched(config: Any, trials: int, **of_the_scheduler: Any) -> Counter[str]:
    """What the autoscaler (version 2) starts for so many trials of one GPU each."""
    from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig
    from ray.autoscaler.v2.scheduler import ResourceDemandScheduler, SchedulingRequest
    from ray.autoscaler.v2.utils import ResourceRequestUtil

    read = AutoscalingConfig(prepared(config), skip_content_hash=True)
    requests = [ResourceRequestUtil.make({"CPU": 1, "GPU": 1}) for _ in range(trials)]
    asked = SchedulingRequest(
        disable_launch_config_check=True,
        node_type_configs=read.get_node_type_configs(),
        max_num_nodes=read.get_max_num_nodes(),
        resource_requests=ResourceRequestUtil.group_by_count(requests),
        **of_the_scheduler,
    )
    reply = ResourceDemandScheduler(None).schedule(asked)
    return Counter({launch.instance_type: launch.count for launch in reply.to_launch})


@RENTED
def test_spot_is_asked_for_first_and_the_last_worker_is_on_demand(path: Path) -> None:
    workers = {"gpu_spot": 3}
    assert launched(load(path), 3)["gpu_spot"] == workers["gpu_spot"]
    assert launched(load(path), 3)["gpu_on_demand"] == 0
    full = launched(load(path), 20)
    assert (full["gpu_spot"], full["gpu_on_demand"]) == (7, 1)
    equal = load(path)  # negative control: the priority decides
    del equal["available_node_types"]["gpu_spot"]["priority"]
    assert launched(equal, 1) != launched(load(path), 1)


def test_ray_repeats_a_refused_request_and_takes_no_other_type() -> None:
    """Why one worker is on demand. Should Ray learn it, this fails, and that worker may go."""
    from ray.autoscaler.v2.instance_manager.subscribers.cloud_resource_monitor import (
        CloudResourceMonitor,
    )
    from ray.core.generated.instance_manager_pb2 import Instance, InstanceUpdateEvent

    monitor = CloudResourceMonitor()

    def happened(status: Any) -> Any:
        event = InstanceUpdateEvent(new_instance_status=status, instance_type="gpu_spot")
        monitor.notify([event])
        return monitor.get_recoverable_resource_availabilities()

    assert happened(Instance.ALLOCATION_FAILED) == {}  # as after InsufficientInstanceCapacity
    known = happened(Instance.ALLOCATION_TIMEOUT)  # negative control: it listens
    assert known == {"gpu_spot": 0.0}
    kinds = launched(load(AWS), 1, recoverable_resource_availabilities=known)
    assert kinds["gpu_on_demand"] == 1


def compute_schema() -> Any:
    """Google's own description of an instance, as a JSON schema that knows no other key."""
    import googleapiclient

    cache = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    definitions = json.loads((cache / "compute.v1.json").read_text())["schemas"]

    def closed(part: Any) -> Any:
        if "$ref" in part:
            return {"$ref": f"#/definitions/{part['$ref']}"}
        if part.get("format") in ("int64", "uint64"):
            return {"type": ["string", "integer"]}
        kept = {key: part[key] for key in ("type", "enum") if key in part}
        if "items" in part:
            kept["items"] = closed(part["items"])
        if "properties" in part:
            kept["properties"] = {name: closed(of) for name, of in part["properties"].items()}
            kept["additionalProperties"] = False
        return kept

    return {
        "$ref": "#/definitions/Instance",
        "definitions": {k: closed(v) for k, v in definitions.items()},
    }


def test_machines_of_google_cloud_are_as_google_describes_them() -> None:
    schema = jsonschema.Draft3Validator(compute_schema())
    kinds = load(GCP)["available_node_types"]
    for kind in kinds.values():
        schema.validate(kind["node_config"])
        (network,) = kind["node_config"]["networkInterfaces"]  # else Ray takes one that is open
        assert network["subnetwork"].endswith("/subnetworks/focus-sweeps")
    for wrong in ({"scheduling": [{"preemptible": True}]}, {"machinetype": "n2-standard-4"}):
        with pytest.raises(jsonschema.ValidationError):  # negative control
            schema.validate(kinds["head"]["node_config"] | wrong)


@pytest.mark.parametrize(
    "path", [AWS, GCP, ROOT / "cluster/Dockerfile"], ids=lambda path: path.name
)
def test_the_driver_fits_the_pinned_torch(path: Path) -> None:
    """Whoever changes the pin looks up its CUDA and the driver of the images anew."""
    pins = (ROOT / "constraints.txt").read_text()
    assert "\ntorch==2.13." in pins
    assert "torch 2.13" in path.read_text() or "for 2.13" in path.read_text()
