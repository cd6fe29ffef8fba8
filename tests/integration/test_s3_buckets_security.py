"""What an auditor of the account expects of the buckets, their policies, and locks of Terraform's state."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.slipway.platform.plugins.module_utils._boxes.s3_buckets.box import BOX

from .buckets import APPLICATION, LOGS, NAME, TERRAFORM, WRITES, all_of, make_key
from .conftest import ACCOUNT, REGION, Emulator
from .life import Life


@pytest.fixture
def life(emulator: Emulator) -> Life:
    make_key(emulator)
    return Life(emulator, BOX, WRITES, **all_of())


def test_what_stands_after_a_creation(life: Life, s3: Any) -> None:
    life.turn()
    key = life.emulator.client("kms").describe_key(KeyId="alias/demo-buckets")["KeyMetadata"]["Arn"]
    rule = s3.get_bucket_encryption(Bucket=APPLICATION)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert rule["BucketKeyEnabled"] is True
    assert rule["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}
    assert s3.get_bucket_location(Bucket=APPLICATION)["LocationConstraint"] == REGION
    assert s3.get_bucket_logging(Bucket=TERRAFORM)["LoggingEnabled"] == {
        "TargetBucket": LOGS,
        "TargetPrefix": "s3/terraform/",
    }
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=LOGS)


def weaken_policy(s3: Any) -> None:
    s3.delete_bucket_policy(Bucket=APPLICATION)


def weaken_encryption(s3: Any) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=APPLICATION, ServerSideEncryptionConfiguration={"Rules": [rule]})


def weaken_public_access_block(s3: Any) -> None:
    s3.delete_public_access_block(Bucket=APPLICATION)


def weaken_one_block(s3: Any) -> None:
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": False,
    }
    s3.put_public_access_block(Bucket=APPLICATION, PublicAccessBlockConfiguration=block)


def weaken_ownership(s3: Any) -> None:
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=APPLICATION, OwnershipControls=controls)


def weaken_versioning(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=APPLICATION, VersioningConfiguration={"Status": "Suspended"})


def weaken_logging(s3: Any) -> None:
    s3.put_bucket_logging(Bucket=APPLICATION, BucketLoggingStatus={})


def weaken_lifecycle(s3: Any) -> None:
    s3.delete_bucket_lifecycle(Bucket=APPLICATION)


def audit(s3: Any) -> set[str]:
    """What an auditor of the account finds wrong with the application's bucket, read with boto3."""
    findings = set()

    def answer(operation: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = getattr(s3, operation)(Bucket=APPLICATION)
        except ClientError:
            return {}
        return found

    if answer("get_bucket_versioning").get("Status") != "Enabled":
        findings.add("versioning")
    rules = answer("get_bucket_encryption").get("ServerSideEncryptionConfiguration", {}).get("Rules", [{}])
    if rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") != "aws:kms":
        findings.add("KMS")
    if "aws:SecureTransport" not in answer("get_bucket_policy").get("Policy", ""):
        findings.add("TLS only")
    block = answer("get_public_access_block").get("PublicAccessBlockConfiguration", {})
    if list(block.values()) != [True] * 4:
        findings.add("public access")
    controls = answer("get_bucket_ownership_controls").get("OwnershipControls", {}).get("Rules", [{}])
    if controls[0].get("ObjectOwnership") != "BucketOwnerEnforced":
        findings.add("owner enforced")
    if "LoggingEnabled" not in answer("get_bucket_logging"):
        findings.add("access logs")
    if not answer("get_bucket_lifecycle_configuration").get("Rules"):
        findings.add("lifecycle")
    return findings


@pytest.mark.parametrize(
    ("weaken", "finding"),
    [
        (weaken_policy, "TLS only"),
        (weaken_encryption, "KMS"),
        (weaken_public_access_block, "public access"),
        (weaken_one_block, "public access"),
        (weaken_ownership, "owner enforced"),
        (weaken_versioning, "versioning"),
        (weaken_logging, "access logs"),
        (weaken_lifecycle, "lifecycle"),
    ],
)
def test_what_is_weakened_by_hand_is_found_and_mended(life: Life, s3: Any, weaken: Any, finding: str) -> None:
    life.turn()
    assert audit(s3) == set()
    weaken(s3)
    assert audit(s3) == {finding}
    changes = life.turn()
    assert len(changes) == 1
    assert changes[0].startswith(f"update s3_bucket {APPLICATION} ")
    assert audit(s3) == set()


def test_the_policies(life: Life, s3: Any) -> None:
    life.turn()
    attributes = life.last.plan.as_list()
    statements = {
        change["name"]: {
            entry["Sid"]: entry
            for field in change["fields"]
            if field["path"] == "policy"
            for entry in field["after"]["Statement"]
        }
        for change in attributes
    }
    assert set(statements[APPLICATION]) == {"OnlyTls", "OnlyRecentTls", "OnlyKms"}
    assert set(statements[TERRAFORM]) == {"OnlyTls", "OnlyRecentTls", "OnlyKms", "OnlyConditionalLocks"}
    assert set(statements[LOGS]) == {"OnlyTls", "OnlyRecentTls", "S3AccessLogs", "LoadBalancerAccessLogs"}
    tls = statements[APPLICATION]["OnlyTls"]
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", {"AWS": ["*"]}, ["s3:*"])
    assert tls["Resource"] == [f"arn:aws:s3:::{APPLICATION}", f"arn:aws:s3:::{APPLICATION}/*"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}
    assert statements[APPLICATION]["OnlyRecentTls"]["Condition"] == {"NumericLessThan": {"s3:TlsVersion": ["1.2"]}}
    lock = statements[TERRAFORM]["OnlyConditionalLocks"]
    assert (lock["Action"], lock["Resource"]) == (["s3:PutObject"], [f"arn:aws:s3:::{TERRAFORM}/*.tflock"])
    assert lock["Condition"] == {"Null": {"s3:if-none-match": ["true"]}}
    delivery = statements[LOGS]["S3AccessLogs"]
    assert delivery["Principal"] == {"Service": ["logging.s3.amazonaws.com"]}
    assert delivery["Condition"] == {
        "StringEquals": {"aws:SourceAccount": [ACCOUNT]},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:s3:::{NAME}-*"]},
    }
    balancers = statements[LOGS]["LoadBalancerAccessLogs"]
    assert balancers["Resource"] == [f"arn:aws:s3:::{LOGS}/load-balancers/AWSLogs/{ACCOUNT}/*"]


def test_terraform_locks_its_state_by_conditional_writes(life: Life, s3: Any) -> None:
    """What Terraform's S3 backend does with use_lockfile: the lock is an object that can be written only once."""
    life.turn()
    lock = {"Bucket": TERRAFORM, "Key": "demo/terraform.tfstate.tflock"}
    s3.put_object(**lock, Body=b'{"ID":"1"}', IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        s3.put_object(**lock, Body=b'{"ID":"2"}', IfNoneMatch="*")
    assert refused.value.response["Error"]["Code"] == "PreconditionFailed"
    assert s3.get_object(**lock)["Body"].read() == b'{"ID":"1"}'
    s3.put_object(Bucket=TERRAFORM, Key="demo/terraform.tfstate", Body=b"{}")
    s3.delete_object(**lock)
    s3.put_object(**lock, Body=b'{"ID":"2"}', IfNoneMatch="*")
    assert s3.get_object(**lock)["Body"].read() == b'{"ID":"2"}'
