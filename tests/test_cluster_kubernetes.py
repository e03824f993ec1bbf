"""``cluster/kubernetes.yaml`` by two schemas, and ``cluster/Dockerfile`` by a linter."""

from __future__ import annotations

import copy
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.kuberay import SCHEMAS

ROOT = Path(__file__).parent.parent
FILE, DOCKERFILE = ROOT / "cluster" / "kubernetes.yaml", ROOT / "cluster" / "Dockerfile"
VERSIONS = ("1.33", "1.37")


def documents() -> list[Any]:
    return list(yaml.safe_load_all(FILE.read_text()))


def the(kind: str) -> Any:
    (found,) = (d for d in documents() if d["kind"] == kind)
    return found


def pods(cluster: Any) -> dict[str, Any]:
    """The pods of a RayCluster: of its head and of every group of workers."""
    spec = cluster["spec"]
    groups = {"head": spec["headGroupSpec"]}
    groups |= {group["groupName"]: group for group in spec["workerGroupSpecs"]}
    return {name: group["template"]["spec"] for name, group in groups.items()}


def validate(document: Any) -> None:
    """Raise where Kubernetes, or KubeRay for its own kinds, would refuse the document."""
    if document["kind"] not in SCHEMAS:
        for version in VERSIONS:
            kubernetes_validate.validate(document, version, strict=True)
        return
    jsonschema.validate(document, SCHEMAS[document["kind"]])
    for name, spec in pods(document).items() if document["kind"] == "RayCluster" else ():
        validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


@pytest.mark.parametrize(
    "document", documents(), ids=lambda d: f"{d['kind']}-{d['metadata']['name']}"
)
def test_it_is_valid(document: Any) -> None:
    validate(document)


def with_change(document: Any, path: str, value: Any) -> Any:
    changed = copy.deepcopy(document)
    place = changed
    *way, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in way:
        place = place[key]
    place[last] = value
    return changed


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("RayCluster", "spec/enableAutoscaling", True),
        ("RayCluster", "spec/autoscalerOptions/version", "v3"),
        ("RayCluster", "spec/headGroupSpec/rayStartParams/num-cpus", 0),
        ("RayCluster", "spec/workerGroupSpecs/0/maxReplicas", "8"),
        ("RayCluster", "spec/headGroupSpec/template/spec/containers/0/imageName", "x"),
        ("RayCluster", "spec/workerGroupSpecs/0/template/spec/tolerations/0/operator", 1),
        ("RayJob", "spec/entryPoint", "python"),
        ("RayJob", "apiVersion", "ray.io/v1alpha1"),
        ("PersistentVolumeClaim", "spec/accessModes", "ReadWriteOnce"),
    ],
)
def test_mistakes_are_seen(kind: str, path: str, value: Any) -> None:
    """Negative control: neither schema takes everything."""
    with pytest.raises(jsonschema.ValidationError):
        validate(with_change(the(kind), path, value))


def test_its_parts_fit_together() -> None:
    cluster, job = the("RayCluster"), the("RayJob")
    pins = (ROOT / "constraints.txt").read_text()
    assert f"\nray=={cluster['spec']['rayVersion']}\n" in pins
    assert job["spec"]["clusterSelector"] == {"ray.io/cluster": cluster["metadata"]["name"]}
    accounts = {d["metadata"]["name"] for d in documents() if d["kind"] == "ServiceAccount"}
    used = pods(cluster)
    assert {spec["serviceAccountName"] for spec in used.values()} == accounts
    assert len(accounts) == 2  # a worker may start and end no workers
    (runs,) = used["head"]["volumes"]
    assert (
        runs["persistentVolumeClaim"]["claimName"]
        == the("PersistentVolumeClaim")["metadata"]["name"]
    )
    containers = [container for spec in used.values() for container in spec["containers"]]
    assert len({container["image"] for container in containers}) == 1
    assert all(c["env"] == containers[0]["env"] for c in containers)


def test_the_head_trains_nothing_and_workers_come_and_go() -> None:
    spec = the("RayCluster")["spec"]
    assert spec["headGroupSpec"]["rayStartParams"] == {"num-cpus": "0"}
    assert spec["enableInTreeAutoscaling"] is True
    assert spec["authOptions"] == {"mode": "token"}
    (workers,) = spec["workerGroupSpecs"]
    assert (workers["replicas"], workers["minReplicas"]) == (0, 0)
    limits = workers["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == 1
    assert all(pod["securityContext"]["runAsNonRoot"] for pod in pods(the("RayCluster")).values())


def test_the_job_is_a_command_that_the_launcher_takes() -> None:
    from sweeps.planning.flags import build_parser

    python, script, *flags = shlex.split(the("RayJob")["spec"]["entrypoint"])
    assert python == "python"
    assert (ROOT / Path(script).relative_to("/home/ray/focus-sweeps")).is_file()
    build_parser().parse_args(flags)


def linted(path: Path) -> subprocess.CompletedProcess[str]:
    hadolint = Path(sys.executable).parent / "hadolint"
    return subprocess.run([hadolint, path], capture_output=True, text=True, check=False)


def test_the_dockerfile_is_clean(tmp_path: Path) -> None:
    done = linted(DOCKERFILE)
    assert (done.returncode, done.stdout) == (0, "")
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(DOCKERFILE.read_text() + "USER root\n")
    assert "DL3002" in linted(wrong).stdout  # negative control


def test_the_image_is_what_the_file_needs() -> None:
    text = DOCKERFILE.read_text()
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    (python,) = re.findall(r"^FROM python:3\.(\d+)-", text, re.MULTILINE)
    assert int(python) >= int(needed.removeprefix(">=3."))
    assert '-c constraints.txt ".[cluster,fast]"' in text
    assert "git wget" in text  # the report's commit; KubeRay's probes
    user = the("RayCluster")["spec"]["headGroupSpec"]["template"]["spec"]["securityContext"]
    assert f"--uid {user['runAsUser']} ray" in text
    assert re.findall(r"^USER (.*)", text, re.MULTILINE)[-1] == str(user["runAsUser"])
    ignored = (ROOT / "cluster" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {".venv", "runs", "**/*.pem", "**/.env"} <= set(ignored)
    assert ".git" not in ignored
    assert not re.search(r"(?i)(secret|token|password|key)\s*=", text)
