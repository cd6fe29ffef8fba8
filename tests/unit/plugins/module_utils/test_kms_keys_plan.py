"""What the KMS keys of a platform declare."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked

ACCOUNT = Account("123456789012", "eu-west-1")


def statements(*services: str, account: Account = ACCOUNT) -> dict[str, Any]:
    key = {"use": "eks", "description": "Secrets", "services": list(services)}
    params = checked(BOX.specification, {"platform_name": "demo", "keys": [key]})
    (resource,) = BOX.declare(BOX.parse(params, account), {})
    return {statement["Sid"]: statement for statement in resource.attributes["policy"]["Statement"]}


@pytest.mark.parametrize(
    ("services", "sids"),
    [
        ((), {"Account"}),
        (("s3", "eks"), {"Account"}),
        (("logs",), {"Account", "Logs"}),
        (("autoscaling",), {"Account", "AutoScaling", "AutoScalingGrants"}),
        (("logs", "logs"), {"Account", "Logs"}),
    ],
)
def test_each_service_gets_what_it_needs(services: tuple[str, ...], sids: set[str]) -> None:
    assert set(statements(*services)) == sids


def test_the_account_keeps_its_key() -> None:
    assert statements()["Account"]["Principal"] == {"AWS": ["arn:aws:iam::123456789012:root"]}


def test_logs_of_this_account_and_region_only() -> None:
    logs = statements("logs")["Logs"]
    assert logs["Principal"] == {"Service": ["logs.eu-west-1.amazonaws.com"]}
    assert logs["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": ["arn:aws:logs:eu-west-1:123456789012:log-group:*"]}
    }


def test_auto_scaling_grants_for_aws_resources_only() -> None:
    found = statements("autoscaling")
    role = "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    assert found["AutoScaling"]["Principal"] == found["AutoScalingGrants"]["Principal"] == {"AWS": [role]}
    assert found["AutoScalingGrants"]["Action"] == ["kms:CreateGrant"]
    assert found["AutoScalingGrants"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": ["true"]}}
    assert "kms:CreateGrant" not in found["AutoScaling"]["Action"]


def test_another_partition() -> None:
    china = statements("logs", account=Account("123456789012", "cn-north-1", partition="aws-cn"))
    assert china["Logs"]["Principal"] == {"Service": ["logs.cn-north-1.amazonaws.com.cn"]}
    assert china["Account"]["Principal"] == {"AWS": ["arn:aws-cn:iam::123456789012:root"]}
