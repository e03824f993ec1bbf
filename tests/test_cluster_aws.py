"""``ray_cluster.yaml`` and ``cluster/aws_account.yaml`` in a pretended AWS, by Ray's own code."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import pytest
import yaml
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

ROOT = Path(__file__).parent.parent
FILE, ACCOUNT = ROOT / "ray_cluster.yaml", ROOT / "cluster" / "aws_account.yaml"
REGION = "us-west-2"
MINE = "203.0.113.7/32"
TAGS = {"ray-node-type": "worker", "ray-node-name": "n", "ray-node-status": "x"}

# Moto knows no budgets; the linter knows them (below).
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS..Budgets")


def prepared() -> Any:
    from ray.autoscaler._private.util import prepare_config, validate_config

    full = prepare_config(yaml.safe_load(FILE.read_text()))
    validate_config(full)
    return full


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account without anything, and a laptop with a home of its own."""
    from ray.autoscaler._private.aws import utils

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    utils.resource_cache.cache_clear()
    utils.client_cache.cache_clear()
    with mock_aws():
        yield


@pytest.fixture
def made(aws: None) -> dict[str, str]:
    """The names of what ``cluster/aws_account.yaml`` made."""
    stacks = boto3.client("cloudformation", REGION)
    given = {"SshFrom": MINE, "Mail": "me@example.org"}
    stacks.create_stack(
        StackName="focus-sweeps",
        TemplateBody=ACCOUNT.read_text(),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    listed = stacks.list_stack_resources(StackName="focus-sweeps")["StackResourceSummaries"]
    return {r.get("LogicalResourceId", ""): r.get("PhysicalResourceId", "") for r in listed}


def bootstrapped(full: Any = None) -> Any:
    from ray.autoscaler._private.aws.config import bootstrap_aws

    return bootstrap_aws(copy.deepcopy(full or prepared()))


def start(full: Any, kind: str, **credentials: str) -> Any:
    """One machine of this kind, as ``ray up`` and the autoscaler start it."""
    from ray.autoscaler._private.aws.node_provider import AWSNodeProvider

    provider = AWSNodeProvider(full["provider"] | {"aws_credentials": credentials}, "focus-sweeps")
    config = full["available_node_types"][kind]["node_config"]
    provider.create_node(config, TAGS | {"ray-user-node-type": kind}, 1)
    return provider


def world_readable(rules: list[dict[str, Any]]) -> list[Any]:
    return [r for r in rules if any(i["CidrIp"] == "0.0.0.0/0" for i in r["IpRanges"])]


def test_without_the_stack_nothing_is_made(aws: None) -> None:
    """No open group and no role: ``ray up`` ends first and says what is missing."""
    with pytest.raises(botocore.exceptions.ClientError, match=r"focus-sweeps-\w+, does not exist"):
        bootstrapped()
    groups = boto3.client("ec2", REGION).describe_security_groups()["SecurityGroups"]
    assert [group["GroupName"] for group in groups] == ["default"]
    assert boto3.client("iam").list_roles()["Roles"] == []


def test_head_and_workers_start_as_the_files_say(made: dict[str, str]) -> None:
    full = bootstrapped()
    for kind in ("head", "gpu_spot", "gpu_on_demand"):
        start(full, kind)
    ec2 = boto3.client("ec2", REGION)
    found = {}
    for machine in (i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]):
        tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
        found[tags["ray-user-node-type"]] = machine
        assert tags["project"] == tags["ray-cluster-name"] == "focus-sweeps"
        assert [group["GroupId"] for group in machine["SecurityGroups"]] == [made["Group"]]
        assert machine["MetadataOptions"]["HttpTokens"] == "required"
        profile = "HeadProfile" if tags["ray-user-node-type"] == "head" else "WorkerProfile"
        assert machine["IamInstanceProfile"]["Arn"].endswith(f"/{made[profile]}")
    assert {kind: m.get("InstanceLifecycle") for kind, m in found.items()} == {
        "head": None,
        "gpu_spot": "spot",
        "gpu_on_demand": None,
    }
    volumes = ec2.describe_volumes()["Volumes"]
    assert {v["Size"] for v in volumes} == {120}
    assert all({"Key": "project", "Value": "focus-sweeps"} in v["Tags"] for v in volumes)


def test_ssh_is_open_to_the_given_address_only(made: dict[str, str]) -> None:
    bootstrapped()
    groups = boto3.client("ec2", REGION).describe_security_groups(GroupIds=[made["Group"]])
    rules = groups["SecurityGroups"][0]["IpPermissions"]
    assert world_readable(rules) == []
    ssh, among = sorted(rules, key=lambda rule: rule["IpProtocol"], reverse=True)
    assert (ssh["FromPort"], ssh["ToPort"]) == (22, 22)
    assert [r["CidrIp"] for r in ssh["IpRanges"]] == [MINE]
    assert [g["GroupId"] for g in among["UserIdGroupPairs"]] == [made["Group"]]
    assert among["IpRanges"] == []


def test_rules_in_a_cluster_file_would_leave_ssh_open(aws: None) -> None:
    """Negative control, and why no rules are in the file: Ray adds them to its own open one."""
    full = prepared()
    for kind in full["available_node_types"].values():
        del kind["node_config"]["LaunchTemplate"]
    mine = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": MINE}]}
    full["provider"]["security_group"] = {"GroupName": "mine", "IpPermissions": [mine]}
    full["available_node_types"]["head"]["node_config"]["IamInstanceProfile"] = {"Name": "x"}
    bootstrapped(full)
    groups = boto3.client("ec2", REGION).describe_security_groups()["SecurityGroups"]
    (rules,) = (g["IpPermissions"] for g in groups if g["GroupName"] == "mine")
    assert [rule["FromPort"] for rule in world_readable(rules)] == [22]


def as_role(made: dict[str, str], role: str) -> dict[str, str]:
    account = boto3.client("sts", REGION).get_caller_identity()["Account"]
    arn = f"arn:aws:iam::{account}:role/{made[role]}"
    given = boto3.client("sts", REGION).assume_role(RoleArn=arn, RoleSessionName="node")
    keys = given["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


def test_the_head_may_start_and_end_workers(made: dict[str, str]) -> None:
    """By its own rights: those of the person at the laptop are not on the head."""
    full, credentials = bootstrapped(), as_role(made, "HeadRole")

    def autoscale() -> None:
        provider = start(full, "gpu_spot", **credentials)
        (node,) = provider.non_terminated_nodes({})
        provider.set_node_tags(node, {"ray-node-status": "up-to-date"})
        provider.terminate_node(node)
        assert provider.non_terminated_nodes({}) == []

    set_initial_no_auth_action_count(0)(autoscale)()


def test_a_worker_may_not(made: dict[str, str]) -> None:
    """Negative control: rights are really asked for; a worker has those to the bucket alone."""
    full, credentials = bootstrapped(), as_role(made, "WorkerRole")

    def work() -> None:
        with pytest.raises(Exception, match="not authorized to perform: ec2:RunInstances"):
            start(full, "gpu_spot", **credentials)
        bucket = boto3.client("s3", REGION, **credentials)
        bucket.put_object(Bucket=made["Bucket"], Key="checkpoints/a", Body=b"x")
        assert bucket.list_objects_v2(Bucket=made["Bucket"])["KeyCount"] == 1
        with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
            bucket.list_buckets()

    set_initial_no_auth_action_count(0)(work)()


def test_a_misspelt_option_of_a_machine_is_caught(made: dict[str, str]) -> None:
    """Negative control: Ray's schema lets it pass, and botocore does not."""
    full = bootstrapped()
    full["available_node_types"]["gpu_spot"]["node_config"]["InstanceMarketOption"] = {}
    with pytest.raises(botocore.exceptions.ParamValidationError, match="InstanceMarketOption"):
        start(full, "gpu_spot")
