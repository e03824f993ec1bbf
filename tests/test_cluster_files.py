"""The cluster files against Ray's own schema, and what they promise against what stands in them."""

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FILES = [ROOT / "ray_cluster.yaml", *sorted((ROOT / "cluster").glob("*.yaml"))]
EVERY = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
GPUS = {"g4dn.xlarge": 1, "g5.xlarge": 1, "g5.2xlarge": 1, "g6.xlarge": 1, "g5.12xlarge": 4}


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
        assert full[role] == [f"bash {project}/cluster/setup.sh"]
    script = (ROOT / "cluster" / "setup.sh").read_text()
    assert '-c "$project/constraints.txt" -e "$project[cluster]"' in script


@EVERY
def test_ray_starts_alike_on_every_node(path: Path) -> None:
    full = prepared(load(path))
    head, worker = full["head_start_ray_commands"], full["worker_start_ray_commands"]
    assert head[0] == worker[0] == "ray stop"
    assert "--head --port=6379 --autoscaling-config=~/ray_bootstrap_config.yaml" in head[1]
    assert "--address=$RAY_HEAD_IP:6379" in worker[1]
    local = full["provider"]["type"] == "local"
    assert ("RAY_enable_autoscaler_v2=0 ray start --head" in head[1]) == local


def test_aws_has_a_head_that_trains_nothing_and_spot_workers_that_come_and_go() -> None:
    full = prepared(load(ROOT / "ray_cluster.yaml"))
    assert full["provider"]["type"] == "aws"
    types = dict(full["available_node_types"])
    head = types.pop(full["head_node_type"])
    assert head["resources"]["CPU"] == 0
    assert head["resources"].get("GPU", 0) == 0
    assert head["node_config"]["InstanceType"] not in GPUS
    assert "InstanceMarketOptions" not in head["node_config"]  # a head that vanishes ends the sweep
    assert types
    for worker in types.values():
        assert worker["min_workers"] == 0
        assert 1 <= worker["max_workers"] <= full["max_workers"]
        assert worker["resources"]["GPU"] == GPUS[worker["node_config"]["InstanceType"]]
        assert worker["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
        assert "nvidia" in worker["node_config"]["ImageId"]  # the image has its driver
    assert full["idle_timeout_minutes"] <= 10


@pytest.mark.parametrize("script", ["cluster/setup.sh", "cluster/python.sh", ".ci/run"])
def test_shell_scripts_parse_and_stop_at_errors(script: str) -> None:
    path = ROOT / script
    subprocess.run(["bash", "-n", path], check=True)
    assert path.stat().st_mode & 0o100
    assert "\nset -u\n" in path.read_text() or "\nset -euo pipefail\n" in path.read_text()


def test_setup_puts_ray_on_the_path_of_every_shell_once(tmp_path: Path) -> None:
    """The script itself, with an installed environment's place taken by an empty one."""
    python = tmp_path / "focus-venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 0\n")  # pip install: done
    python.chmod(0o755)
    (tmp_path / ".bashrc").write_text("return\n")
    environment = {"HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    for _ in range(2):
        subprocess.run(["bash", ROOT / "cluster" / "setup.sh"], env=environment, check=True)
    for name in (".profile", ".bashrc"):
        assert (tmp_path / name).read_text().count(".focus_env") == 1
    shown = subprocess.run(
        ["bash", "-c", '. ~/.bashrc; echo "$PATH|$RAY_AUTH_MODE|$RAY_memory_monitor_refresh_ms"'],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert shown == f"{python.parent}:{environment['PATH']}|disabled|0"
