"""A life of the module s3_buckets."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._boxes.s3_buckets.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner

from .buckets import APPLICATION, LOGS, TERRAFORM, WRITES, all_of, application, logs, make_key
from .conftest import ACCOUNT, REGION, Emulator
from .life import Life


@pytest.fixture
def life(emulator: Emulator) -> Life:
    make_key(emulator)
    return Life(emulator, BOX, WRITES, **all_of())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"buckets": [logs(use="Logs")]}, "buckets[0].use is 'Logs'; 1 to 35 lower-case letters, digits and hyphens"),
        ({"buckets": [logs(use="my_logs")]}, "buckets[0].use is 'my_logs'; 1 to 35 lower-case letters"),
        ({"buckets": [logs(use="-logs")]}, "buckets[0].use is '-logs'; 1 to 35 lower-case letters"),
        ({"buckets": [logs(use="logs-s3alias")]}, "buckets[0].use is 'logs-s3alias'; 1 to 35 lower-case letters"),
        ({"buckets": [logs(use="l" * 36)]}, f"buckets[0].use is '{'l' * 36}'; 1 to 35 lower-case letters"),
        ({"buckets": [logs(), logs()]}, "buckets[1].use is 'logs'; each use is allowed once."),
        (
            {"buckets": [application()]},
            "buckets[0].logging_target is 'logs'; the use of a bucket with log_delivery is allowed.",
        ),
        (
            {"buckets": [logs(logging_target="logs")]},
            "buckets[0].logging_target is 'logs'; a bucket with log_delivery logs to none, its logs would not end.",
        ),
        (
            {"buckets": [logs(encryption="kms", kms_key="buckets")]},
            "buckets[0].encryption is 'kms'; a bucket with log_delivery takes 'sse-s3' only",
        ),
        (
            {"buckets": [logs(kms_key="buckets")]},
            "buckets[0].kms_key is 'buckets'; a key is allowed with encryption 'kms' only.",
        ),
        (
            {"buckets": [logs(), application(kms_key=None)]},
            "buckets[1].kms_key is not set; encryption 'kms' needs the use of a key of kms_keys, or a key's ARN.",
        ),
        (
            {"buckets": [logs(), application(kms_key=f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/buckets")]},
            f"buckets[1].kms_key is 'arn:aws:kms:{REGION}:{ACCOUNT}:alias/buckets'; the use of a key",
        ),
        ({"buckets": [logs(encryption="aes")]}, "buckets[0].encryption is 'aes'; allowed are kms, sse-s3."),
        (
            {"buckets": [logs(lifecycle={"expire": 3})]},
            "buckets[0].lifecycle.expire is 3; it is unknown, allowed are expiration_days, incomplete_upload_days,",
        ),
        (
            {"buckets": [logs(lifecycle={"expiration_days": 0})]},
            "buckets[0].lifecycle.expiration_days is 0; at least 1 day is allowed.",
        ),
        ({"minimum_tls_version": "1.1"}, "minimum_tls_version is '1.1'; allowed are 1.2, 1.3."),
        ({"delete_objects": ["Application"]}, "delete_objects[0] is 'Application'; 1 to 35 lower-case letters"),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    life.emulator.forget()
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value).startswith(sentence)
    assert life.emulator.writes() == []


ENCRYPTION = "encryption.algorithm,encryption.bucket_key,encryption.kms_key"
EXPIRATION = "lifecycle.slipway.Expiration"
CHANGES: list[tuple[dict[str, Any], str]] = [
    (all_of(versioning=False), f"update s3_bucket {APPLICATION} versioning"),
    (all_of(logging_target=None), f"update s3_bucket {APPLICATION} logging"),
    (
        all_of(encryption="sse-s3", kms_key=None),
        f"update s3_bucket {APPLICATION} {ENCRYPTION},policy.Statement",
    ),
    (
        all_of(lifecycle={"noncurrent_version_days": 30}),
        f"update s3_bucket {APPLICATION} lifecycle.slipway.NoncurrentVersionExpiration.NoncurrentDays",
    ),
    (
        all_of(lifecycle={"incomplete_upload_days": 1}),
        f"update s3_bucket {APPLICATION} lifecycle.slipway.AbortIncompleteMultipartUpload.DaysAfterInitiation",
    ),
    (
        all_of(lifecycle={"expiration_days": 365}),
        f"update s3_bucket {APPLICATION} {EXPIRATION}.Days,{EXPIRATION}.ExpiredObjectDeleteMarker",
    ),
    (all_of(terraform_backend=True), f"update s3_bucket {APPLICATION} policy.Statement"),
]


def test_life(life: Life, s3: Any) -> None:
    created = [f"create s3_bucket {name}" for name in (LOGS, APPLICATION, TERRAFORM)]
    assert life.turn() == created
    for options, change in CHANGES:
        assert life.turn(**options) == [change]
        assert life.turn() == [change]
    assert life.turn(minimum_tls_version="1.3") == [
        f"update s3_bucket {name} policy.Statement" for name in (LOGS, APPLICATION, TERRAFORM)
    ]
    life.turn()
    assert life.turn(tags={"Owner": "me"}) == [
        f"update s3_bucket {name} tags.Owner" for name in (LOGS, APPLICATION, TERRAFORM)
    ]
    assert {pair["Key"] for pair in s3.get_bucket_tagging(Bucket=LOGS)["TagSet"]} == {
        "Name",
        "Owner",
        "slipway:platform",
    }
    life.turn()
    assert life.turn(buckets=[logs(), application()]) == [f"delete s3_bucket {TERRAFORM}"]
    assert life.turn(state="absent") == [f"delete s3_bucket {name}" for name in (APPLICATION, LOGS)]
    assert life.turn(state="absent") == []
    assert life.turn() == created


def test_a_rule_and_a_tag_by_hand_are_removed(life: Life, s3: Any) -> None:
    life.turn()
    rules = s3.get_bucket_lifecycle_configuration(Bucket=APPLICATION)["Rules"]
    rules.append({"ID": "by-hand", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 1}})
    s3.put_bucket_lifecycle_configuration(Bucket=APPLICATION, LifecycleConfiguration={"Rules": rules})
    tags = s3.get_bucket_tagging(Bucket=APPLICATION)["TagSet"]
    s3.put_bucket_tagging(Bucket=APPLICATION, Tagging={"TagSet": [*tags, {"Key": "By", "Value": "hand"}]})
    assert life.turn(ignore_tags=["By"]) == [f"update s3_bucket {APPLICATION} lifecycle.by-hand"]
    assert life.turn() == [f"update s3_bucket {APPLICATION} tags.By"]


def test_a_bucket_of_others_is_refused_or_adopted(life: Life, s3: Any) -> None:
    s3.create_bucket(Bucket=APPLICATION, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(Impossible, match="exists without the tag slipway:platform=demo; set platform_adopt to true"):
        life.run(check_mode=True)
    assert any("tags.slipway:platform" in change for change in life.turn(adopt=True))


def test_a_bucket_of_others_survives_absent(life: Life, s3: Any) -> None:
    s3.create_bucket(Bucket=APPLICATION, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert life.turn(state="absent") == []
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [APPLICATION]


def test_a_bucket_of_another_account_is_refused(life: Life, emulator: Emulator) -> None:
    sts = emulator.client("sts")
    role = sts.assume_role(
        RoleArn="arn:aws:iam::210987654321:role/OrganizationAccountAccessRole", RoleSessionName="other"
    )["Credentials"]
    other = boto3.client(
        "s3",
        endpoint_url=emulator.url,
        region_name=REGION,
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    other.create_bucket(Bucket=TERRAFORM, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(Impossible) as impossible:
        life.run(check_mode=True)
    assert str(impossible.value) == (
        f"s3 bucket '{TERRAFORM}' belongs to another account or another region (HeadBucket answers 403); "
        "choose another name than 'demo' for the platform."
    )
    assert life.run(check_mode=True, state="absent").plan.as_list() == []


def test_the_region_that_takes_no_location(emulator: Emulator) -> None:
    api = Api({"region": "us-east-1", "endpoint": emulator.url}, say=lambda text: None)
    options = {"platform_name": "demo", "buckets": [logs()]}
    outcome = Runner(BOX, options, api, check_mode=False).run()
    name = f"demo-{ACCOUNT}-us-east-1-logs"
    assert outcome.answer["buckets"] == {"logs": {"name": name, "arn": f"arn:aws:s3:::{name}"}}
    s3 = emulator.client("s3", "us-east-1")
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    assert {"Key": "slipway:platform", "Value": "demo"} in s3.get_bucket_tagging(Bucket=name)["TagSet"]


def test_the_backend_to_paste(life: Life) -> None:
    assert life.run(check_mode=True).answer["backend"] == (
        "terraform {\n"
        '  backend "s3" {\n'
        f'    bucket       = "{TERRAFORM}"\n'
        '    key          = "demo/terraform.tfstate"\n'
        f'    region       = "{REGION}"\n'
        "    encrypt      = true\n"
        "    use_lockfile = true\n"
        '    kms_key_id   = "alias/demo-buckets"\n'
        "  }\n"
        "}\n"
    )
    assert life.run(check_mode=True, buckets=[logs()]).answer["backend"] is None


def test_the_calls_of_an_unchanged_run(life: Life) -> None:
    life.turn()
    life.emulator.forget()
    life.run(check_mode=False)
    operations = sorted(call["operation"] for call in life.emulator.calls())
    settings = [
        "GetBucketEncryption",
        "GetBucketLifecycleConfiguration",
        "GetBucketLogging",
        "GetBucketOwnershipControls",
        "GetBucketPolicy",
        "GetBucketTagging",
        "GetBucketVersioning",
        "GetPublicAccessBlock",
    ]
    assert operations == sorted(["DescribeKey", "GetCallerIdentity", "ListBuckets", *settings * 3])


def test_a_key_that_nothing_makes_is_an_error(emulator: Emulator) -> None:
    life = Life(emulator, BOX, WRITES, **all_of())
    with pytest.raises(
        Impossible, match="kms key 'demo-buckets' does not exist and no earlier task of this run makes it"
    ):
        life.run(check_mode=True)


def test_in_bad_weather(life: Life) -> None:
    """Reads lag behind writes, and a tenth of the calls are throttled."""
    life.emulator.set(visibility_delay=1.0, throttle_share=0.1)
    for state in ("present", "absent"):
        assert life.run(check_mode=False, state=state).plan
        assert not life.run(check_mode=True, state=state).plan
