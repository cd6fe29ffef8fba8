"""A life of the kind log_group, in a box of its own as others include it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.logs.log_groups import LOG_GROUP, read_log_groups
from ansible_collections.slipway.platform.plugins.module_utils._aws.logs.model import (
    RETENTION_OPTION,
    check_retention,
    log_group,
)
from ansible_collections.slipway.platform.plugins.module_utils._aws.provider import AWS
from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX as KEYS
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Box
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner

from .conftest import ACCOUNT, REGION, Emulator
from .life import Life

NAME = "/aws/eks/demo/cluster"
WRITES = {
    operation: {"log_group"}
    for operation in (
        "AssociateKmsKey",
        "CreateLogGroup",
        "DeleteLogGroup",
        "DisassociateKmsKey",
        "PutRetentionPolicy",
        "TagResource",
        "UntagResource",
    )
}


@dataclass(frozen=True)
class Spec:
    platform: str
    tags: Mapping[str, str]
    account: Account
    retention_in_days: int
    kms_key: str | None
    log_group_class: str


def parse(params: Mapping[str, Any], account: Account) -> Spec:
    days = check_retention("retention_in_days", params["retention_in_days"])
    return Spec(params["platform_name"], params["tags"], account, days, params["kms_key"], params["log_group_class"])


BOX = Box(
    name="the log groups",
    role="eks",
    provider=AWS,
    options={
        "retention_in_days": RETENTION_OPTION,
        "kms_key": {"type": "str"},
        "log_group_class": {"type": "str", "default": "STANDARD"},
    },
    kinds=(LOG_GROUP,),
    parse=parse,
    read=lambda api, spec, known: read_log_groups(api, [NAME]),
    declare=lambda spec, observed: [
        log_group(
            spec.platform,
            NAME,
            retention_in_days=spec.retention_in_days,
            tags=spec.tags,
            kms_key=spec.kms_key,
            log_group_class=spec.log_group_class,
        )
    ],
)


@pytest.fixture
def life(emulator: Emulator) -> Life:
    return Life(emulator, BOX, WRITES)


@pytest.fixture
def logs(emulator: Emulator) -> Any:
    return emulator.client("logs")


def key(emulator: Emulator) -> str:
    """ARN of a key that the module kms_keys makes and that admits CloudWatch Logs."""
    keys = [{"use": "eks", "description": "Log groups", "services": ["logs"]}]
    api = Api({"region": REGION, "endpoint": emulator.url}, say=lambda text: None)
    outcome = Runner(KEYS, {"platform_name": "demo", "keys": keys}, api, check_mode=False).run()
    return str(outcome.known["kms_key"]["demo-eks"]["id"])


@pytest.mark.parametrize("days", [0, 2, 100, 3654])
def test_days_that_aws_does_not_take_are_refused(life: Life, days: int) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, retention_in_days=days)
    assert str(refused.value).startswith(f"retention_in_days is {days}; allowed are 1, 3, 5, 7, 14, 30, ")
    assert life.emulator.writes() == []


def test_life(life: Life, logs: Any) -> None:
    arn = key(life.emulator)
    assert life.turn(kms_key=arn) == [f"create log_group {NAME}"]
    group = logs.describe_log_groups(logGroupNamePrefix=NAME)["logGroups"][0]
    assert (group["retentionInDays"], group["kmsKeyId"]) == (90, arn)
    assert life.turn(kms_key=arn, retention_in_days=365) == [f"update log_group {NAME} retention_in_days"]
    assert life.turn(retention_in_days=365) == [f"update log_group {NAME} kms_key"]
    assert life.turn(kms_key=arn) == [f"update log_group {NAME} kms_key,retention_in_days"]
    assert life.turn(kms_key=arn, tags={"Owner": "me"}) == [f"update log_group {NAME} tags.Owner"]
    assert life.turn(kms_key=arn) == [f"update log_group {NAME} tags.Owner"]
    assert life.turn(state="absent") == [f"delete log_group {NAME}"]
    assert life.turn(state="absent") == []
    assert life.turn() == [f"create log_group {NAME}"]


def test_an_unchanged_run_makes_two_calls(life: Life) -> None:
    life.turn()
    life.emulator.forget()
    life.run(check_mode=False)
    operations = [call["operation"] for call in life.emulator.calls()]
    assert operations == ["GetCallerIdentity", "DescribeLogGroups", "ListTagsForResource"]


def test_changes_by_hand_are_undone(life: Life, logs: Any) -> None:
    arn = key(life.emulator)
    life.turn(kms_key=arn)
    logs.delete_retention_policy(logGroupName=NAME)
    logs.disassociate_kms_key(logGroupName=NAME)
    logs.tag_resource(resourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{NAME}", tags={"By": "hand"})
    assert life.turn(kms_key=arn) == [f"update log_group {NAME} kms_key,retention_in_days,tags.By"]


def test_the_class_cannot_change(life: Life) -> None:
    life.turn()
    with pytest.raises(Impossible, match=r"log_group_class .* cannot become 'INFREQUENT_ACCESS': AWS fixes the class"):
        life.run(check_mode=True, log_group_class="INFREQUENT_ACCESS")


def test_one_whose_name_begins_the_same_is_another(life: Life, logs: Any) -> None:
    logs.create_log_group(logGroupName=f"{NAME}-of-others")
    assert life.turn() == [f"create log_group {NAME}"]
    assert life.turn(state="absent") == [f"delete log_group {NAME}"]
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == [f"{NAME}-of-others"]


def test_one_of_others_is_refused_or_adopted(life: Life, logs: Any) -> None:
    logs.create_log_group(logGroupName=NAME)
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo"):
        life.run(check_mode=True)
    assert "retention_in_days" in life.turn(adopt=True)[0]
