"""``cluster/aws_account.yaml`` by a linter; what moto does not ask for, read from the text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from cfnlint.api import ManualArgs, lint_file
from cfnlint.decode import cfn_yaml

ROOT = Path(__file__).parent.parent
FILE, ACCOUNT = ROOT / "ray_cluster.yaml", ROOT / "cluster" / "aws_account.yaml"
REGION = "us-west-2"
MINE = "203.0.113.7/32"


def template() -> Any:
    return cfn_yaml.loads(ACCOUNT.read_text())


def node_configs() -> list[Any]:
    kinds = yaml.safe_load(FILE.read_text())["available_node_types"].values()
    return [kind["node_config"] for kind in kinds]


@pytest.mark.parametrize(
    ("given", "passes"),
    [(MINE, True), ("10.0.0.0/16", True), ("0.0.0.0/0", False), ("1.2.3.4", False), ("", False)],
)
def test_an_open_address_is_refused(given: str, passes: bool) -> None:
    pattern = template()["Parameters"]["SshFrom"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, given)) == passes


def rights(action: str) -> list[Any]:
    statements = template()["Resources"]["AutoscalerPolicy"]["Properties"]["PolicyDocument"]
    return [s for s in statements["Statement"] if action in s["Action"]]


def test_rights_that_moto_does_not_ask_for() -> None:
    """Images are looked up by the head, and it may hand no role but the worker's to a machine."""
    assert [s["Resource"] for s in rights("iam:PassRole")] == [
        {"Fn::GetAtt": ["WorkerRole", "Arn"]}
    ]
    (images,) = rights("ssm:GetParameters")
    assert images["Resource"]["Fn::Sub"].endswith("::parameter/aws/service/*")
    assert all(n["ImageId"].startswith("resolve:ssm:/aws/service/") for n in node_configs())
    (end,) = rights("ec2:TerminateInstances")
    assert end["Condition"]["StringEquals"] == {"aws:ResourceTag/project": "focus-sweeps"}


def shape(of: Any) -> Any:
    if of.type_name == "structure":
        return {name: shape(member) for name, member in of.members.items()}
    return [shape(of.member)] if of.type_name == "list" else of.type_name


def test_ray_can_repeat_what_aws_answers_of_a_template() -> None:
    """Ray copies a template into its request; AWS refuses its own ``MetadataOptions``."""
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
    assert names == {node["LaunchTemplate"]["LaunchTemplateName"] for node in node_configs()}
    said = ACCOUNT.read_text().partition("AWSTemplateFormatVersion")[0]
    assert set(re.findall(r"(\w+)=", said.partition("--parameter-overrides")[2])) == set(
        account["Parameters"]
    )
    bucket = account["Resources"]["Bucket"]["Properties"]["BucketName"]["Fn::Sub"]
    account_id = bucket.replace("${AWS::AccountId}", "$account").replace("${AWS::Region}", REGION)
    assert f"bucket=s3://{account_id} &&" in text
