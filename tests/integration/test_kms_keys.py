"""A life of the module kms_keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._boxes.kms_keys.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal

from .conftest import ACCOUNT, REGION, Emulator
from .life import Life

WRITES = {
    operation: {"kms_key"}
    for operation in (
        "CancelKeyDeletion",
        "CreateAlias",
        "CreateKey",
        "DeleteAlias",
        "EnableKey",
        "EnableKeyRotation",
        "PutKeyPolicy",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateKeyDescription",
    )
}


def key(**changed: Any) -> dict[str, Any]:
    return {"use": "eks", "description": "Secrets", "services": ["logs"], **changed}


@pytest.fixture
def life(emulator: Emulator) -> Life:
    return Life(emulator, BOX, WRITES, keys=[key()])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"keys": [key(), key()]}, "keys[1].use is 'eks'; each use is allowed once."),
        ({"deletion_window_in_days": 6}, "deletion_window_in_days is 6; 7 to 30 days are allowed."),
        ({"deletion_window_in_days": 31}, "deletion_window_in_days is 31; 7 to 30 days are allowed."),
        ({"keys": [key(use="my key")]}, "keys[0].use is 'my key'; 1 to 200 letters, digits and /_- are allowed."),
        ({"keys": [key(services=["ec2"])]}, "keys[0].services[0] is 'ec2'; allowed are autoscaling, eks, logs, s3."),
        ({"keys": [{"use": "eks"}]}, "keys[0].description is not set; a value is required."),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value) == sentence
    assert life.emulator.writes() == []


def test_life(life: Life) -> None:
    assert life.turn() == ["create kms_key demo-eks"]
    assert life.turn() == []
    assert life.turn(keys=[key(description="All secrets")]) == ["update kms_key demo-eks description"]
    assert life.turn(keys=[key(services=[])]) == ["update kms_key demo-eks description,policy.Statement"]
    assert life.turn(tags={"Owner": "me"}, keys=[key()]) == ["update kms_key demo-eks policy.Statement,tags.Owner"]
    assert life.turn() == ["update kms_key demo-eks tags.Owner"]
    assert life.turn(state="absent") == ["delete kms_key demo-eks"]
    assert life.turn() == ["create kms_key demo-eks"]


def test_a_role_of_the_policy_that_is_not_seen_yet_is_waited_for(life: Life) -> None:
    life.emulator.set(visibility_delay=0.6)
    life.emulator.client("iam").create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    made = life.run(check_mode=False, keys=[key(services=["autoscaling"])])
    assert [change.ref.name for change in made.plan.changes] == ["demo-eks"]
    refused = [call["error_code"] for call in life.emulator.writes() if call["operation"] == "CreateKey"]
    assert refused[0] == "MalformedPolicyDocumentException"
    assert refused[-1] is None


def test_changes_by_hand_are_undone(life: Life) -> None:
    life.turn()
    kms = life.emulator.client("kms")
    key_id = kms.describe_key(KeyId="alias/demo-eks")["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key_id)
    kms.disable_key_rotation(KeyId=key_id)
    assert life.turn() == ["update kms_key demo-eks enabled,rotation"]


def test_a_key_without_alias_is_found_beside_one_that_is_being_deleted(life: Life) -> None:
    kms = life.emulator.client("kms")
    named = [{"TagKey": "Name", "TagValue": "demo-eks"}, {"TagKey": "slipway:platform", "TagValue": "demo"}]
    arns = [kms.create_key(Tags=named)["KeyMetadata"]["Arn"] for _ in range(3)]
    for arn in (arns[0], arns[2]):
        kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    (change,) = life.turn()
    assert change.startswith("update kms_key demo-eks alias,")
    assert key_id(kms) == arns[1]


def test_a_deletion_by_hand_is_cancelled(life: Life) -> None:
    life.turn()
    kms = life.emulator.client("kms")
    arn = key_id(kms)
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    changes = life.turn()
    assert len(changes) == 1
    assert changes[0].startswith("update kms_key demo-eks enabled,pending_deletion")
    metadata = kms.describe_key(KeyId=arn)["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"]) == ("Enabled", True)
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    assert life.turn(state="absent") == ["delete kms_key demo-eks"]


def test_a_key_that_lost_its_alias_is_found_by_its_tags(life: Life) -> None:
    life.turn()
    life.emulator.client("kms").delete_alias(AliasName="alias/demo-eks")
    assert life.turn() == ["update kms_key demo-eks alias"]


def test_a_key_of_others_is_refused_or_adopted(life: Life) -> None:
    kms = life.emulator.client("kms")
    key_id = kms.create_key(Description="Secrets")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/demo-eks", TargetKeyId=key_id)
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True)
    assert "tags.slipway:platform" in life.turn(adopt=True)[0]


def test_how_aws_writes_a_policy_is_no_difference(life: Life) -> None:
    life.turn()
    kms = life.emulator.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=key_id(kms), PolicyName="default")["Policy"])
    for statement in policy["Statement"]:
        statement["Action"] = statement["Action"][0] if len(statement["Action"]) == 1 else statement["Action"][::-1]
        statement["Resource"] = "*"
    policy["Statement"][0]["Principal"] = {"AWS": ACCOUNT}
    kms.put_key_policy(KeyId=key_id(kms), PolicyName="default", Policy=json.dumps(policy))
    assert life.turn() == []


def test_a_policy_by_hand_is_undone(life: Life) -> None:
    life.turn()
    kms = life.emulator.client("kms")
    policy = json.loads(kms.get_key_policy(KeyId=key_id(kms), PolicyName="default")["Policy"])
    policy["Statement"][0]["Principal"]["AWS"].append("arn:aws:iam::210987654321:root")
    kms.put_key_policy(KeyId=key_id(kms), PolicyName="default", Policy=json.dumps(policy))
    assert life.turn() == ["update kms_key demo-eks policy.Statement"]


def key_id(kms: Any) -> str:
    return str(kms.describe_key(KeyId="alias/demo-eks")["KeyMetadata"]["Arn"])


def bucket(emulator: Emulator, arn: str) -> str:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="of-others", CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}}
    s3.put_bucket_encryption(Bucket="of-others", ServerSideEncryptionConfiguration={"Rules": [rule]})
    return "s3 bucket 'of-others'"


def bucket_by_alias(emulator: Emulator, arn: str) -> str:
    return bucket(emulator, "alias/demo-eks")


def log_group(emulator: Emulator, arn: str) -> str:
    emulator.client("logs").create_log_group(logGroupName="/demo", kmsKeyId=arn)
    return "log group '/demo'"


def volume(emulator: Emulator, arn: str) -> str:
    ec2 = emulator.client("ec2")
    answer = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, Encrypted=True, KmsKeyId=arn)
    return f"EBS volume '{answer['VolumeId']}'"


def snapshot(emulator: Emulator, arn: str) -> str:
    ec2 = emulator.client("ec2")
    volume_id = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, Encrypted=True, KmsKeyId=arn)["VolumeId"]
    snapshot_id = ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"]
    ec2.delete_volume(VolumeId=volume_id)
    return f"EBS snapshot '{snapshot_id}'"


@pytest.mark.parametrize("make", [bucket, bucket_by_alias, log_group, volume, snapshot])
def test_a_key_is_kept_while_something_encrypted_with_it_stands(
    life: Life, make: Callable[[Emulator, str], str]
) -> None:
    life.turn()
    thing = make(life.emulator, key_id(life.emulator.client("kms")))
    life.emulator.forget()
    for check_mode in (True, False):
        with pytest.raises(Impossible) as impossible:
            life.run(check_mode=check_mode, state="absent")
        assert str(impossible.value) == (
            f"kms key 'demo-eks' cannot be deleted while {thing} may hold what is encrypted with it; delete that first."
        )
    assert life.emulator.writes() == []


def test_what_an_earlier_task_of_the_check_run_deletes_does_not_count(life: Life) -> None:
    life.turn()
    log_group(life.emulator, key_id(life.emulator.client("kms")))
    known = {"log_group": {"/demo": {"state": "deleted"}}}
    planned = life.run(check_mode=True, state="absent", known=known).plan.as_list()
    assert [change["action"] for change in planned] == ["delete"]


def test_a_key_for_buckets_is_kept_while_a_bucket_of_the_platform_stands(life: Life) -> None:
    """Its encryption may have changed since; objects stay encrypted with the key that they were written with."""
    keys = [key(services=["s3"])]
    life.turn(keys=keys)
    name = f"demo-{ACCOUNT}-{REGION}-application"
    s3 = life.emulator.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(Impossible, match=f"cannot be deleted while s3 bucket '{name}' may hold"):
        life.run(check_mode=False, state="absent", keys=keys)
    s3.delete_bucket(Bucket=name)
    assert life.turn(state="absent", keys=keys) == ["delete kms_key demo-eks"]


def test_the_calls_of_an_unchanged_run(life: Life) -> None:
    life.turn()
    life.emulator.forget()
    life.run(check_mode=False)
    operations = sorted(call["operation"] for call in life.emulator.calls())
    assert operations == [
        "DescribeKey",
        "GetCallerIdentity",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "ListResourceTags",
    ]


def test_in_bad_weather(life: Life) -> None:
    """Reads lag behind writes, and a tenth of the calls are throttled."""
    life.emulator.set(visibility_delay=1.0, throttle_share=0.1)
    for state in ("present", "absent"):
        assert life.run(check_mode=False, state=state).plan
        assert not life.run(check_mode=True, state=state).plan
