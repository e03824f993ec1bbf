"""``ray_cluster.yaml`` and ``cluster/aws_account.yaml`` against a pretended AWS (moto), through Ray's own code."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import botocore.session
import pytest
import yaml
from cfnlint.api import ManualArgs, lint_file
from cfnlint.decode import cfn_yaml
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


def template() -> Any:
    return cfn_yaml.loads(ACCOUNT.read_text())


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
    """No group that is open to the world, no role: ``ray up`` ends first and says what is missing."""
    with pytest.raises(botocore.exceptions.ClientError, match="focus-sweeps-.*does not exist"):
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
    """Negative control, and why the rules are not in the file: Ray adds them to its own, which is open."""
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


@pytest.mark.parametrize(
    ("given", "passes"),
    [(MINE, True), ("10.0.0.0/16", True), ("0.0.0.0/0", False), ("1.2.3.4", False), ("", False)],
)
def test_an_open_address_is_refused(given: str, passes: bool) -> None:
    pattern = template()["Parameters"]["SshFrom"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, given)) == passes


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

    @set_initial_no_auth_action_count(0)
    def autoscale() -> None:
        provider = start(full, "gpu_spot", **credentials)
        (node,) = provider.non_terminated_nodes({})
        provider.set_node_tags(node, {"ray-node-status": "up-to-date"})
        provider.terminate_node(node)
        assert provider.non_terminated_nodes({}) == []

    autoscale()


def test_a_worker_may_not(made: dict[str, str]) -> None:
    """Negative control: rights are really asked for; a worker has those to the bucket alone."""
    full, credentials = bootstrapped(), as_role(made, "WorkerRole")

    @set_initial_no_auth_action_count(0)
    def work() -> None:
        with pytest.raises(Exception, match="not authorized to perform: ec2:RunInstances"):
            start(full, "gpu_spot", **credentials)
        bucket = boto3.client("s3", REGION, **credentials)
        bucket.put_object(Bucket=made["Bucket"], Key="checkpoints/a", Body=b"x")
        assert bucket.list_objects_v2(Bucket=made["Bucket"])["KeyCount"] == 1
        with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
            bucket.list_buckets()

    work()


def rights(action: str) -> list[Any]:
    statements = template()["Resources"]["AutoscalerPolicy"]["Properties"]["PolicyDocument"]
    return [s for s in statements["Statement"] if action in s["Action"]]


def test_rights_that_moto_does_not_ask_for() -> None:
    """Images are looked up by the head, and it may hand no role but the worker's to a machine."""
    assert [s["Resource"] for s in rights("iam:PassRole")] == [{"Fn::GetAtt": ["WorkerRole", "Arn"]}]
    (images,) = rights("ssm:GetParameters")
    assert images["Resource"]["Fn::Sub"].endswith("::parameter/aws/service/*")
    for kind in prepared()["available_node_types"].values():
        assert kind["node_config"]["ImageId"].startswith("resolve:ssm:/aws/service/")
    (end,) = rights("ec2:TerminateInstances")
    assert end["Condition"]["StringEquals"] == {"aws:ResourceTag/project": "focus-sweeps"}


def test_a_misspelt_option_of_a_machine_is_caught(made: dict[str, str]) -> None:
    """Negative control: Ray's schema lets it pass, and botocore does not."""
    full = bootstrapped()
    full["available_node_types"]["gpu_spot"]["node_config"]["InstanceMarketOption"] = {}
    with pytest.raises(botocore.exceptions.ParamValidationError, match="InstanceMarketOption"):
        start(full, "gpu_spot")


def shape(of: Any) -> Any:
    if of.type_name == "structure":
        return {name: shape(member) for name, member in of.members.items()}
    return [shape(of.member)] if of.type_name == "list" else of.type_name


def test_ray_can_repeat_what_aws_answers_of_a_template() -> None:
    """Ray copies a template into its request. ``MetadataOptions`` come back with a key that is refused."""
    ec2 = botocore.session.get_session().get_service_model("ec2")
    answer = ec2.operation_model("DescribeLaunchTemplateVersions").output_shape
    answered = answer.members["LaunchTemplateVersions"].member.members["LaunchTemplateData"].members
    taken = ec2.operation_model("RunInstances").input_shape.members
    for name in ("HeadTemplate", "WorkerTemplate"):
        for key in template()["Resources"][name]["Properties"]["LaunchTemplateData"]:
            assert shape(answered[key]) == shape(taken[key])
    assert shape(answered["MetadataOptions"]) != shape(taken["MetadataOptions"])  # so: in the file


def complaints(path: Path) -> list[str]:
    found = lint_file(path, ManualArgs(regions=[REGION]))
    return [str(match.message) for match in found]


def test_the_account_file_is_valid(tmp_path: Path) -> None:
    assert complaints(ACCOUNT) == []
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(ACCOUNT.read_text().replace("BudgetLimit:", "BudgetLimitt:"))
    assert any("BudgetLimitt" in complaint for complaint in complaints(wrong))  # negative control


def test_the_files_agree() -> None:
    text, account = FILE.read_text(), template()
    assert set(re.findall(r"\b[a-z]{2}-[a-z]+-\d\b", text.replace("2a,", "2 "))) == {REGION}
    names = {
        r["Properties"]["LaunchTemplateName"]
        for r in account["Resources"].values()
        if r["Type"] == "AWS::EC2::LaunchTemplate"
    }
    kinds = prepared()["available_node_types"].values()
    assert names == {kind["node_config"]["LaunchTemplate"]["LaunchTemplateName"] for kind in kinds}
    said = ACCOUNT.read_text().partition("AWSTemplateFormatVersion")[0]
    assert set(re.findall(r"(\w+)=", said.partition("--parameter-overrides")[2])) == set(
        account["Parameters"]
    )
    bucket = account["Resources"]["Bucket"]["Properties"]["BucketName"]["Fn::Sub"]
    account_id = bucket.replace("${AWS::AccountId}", "$account").replace("${AWS::Region}", REGION)
    assert f"bucket=s3://{account_id} &&" in text
