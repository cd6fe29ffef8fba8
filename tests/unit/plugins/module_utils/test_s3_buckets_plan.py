"""What the S3 buckets of a platform declare."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.s3_buckets.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref, Refusal, Resource

ACCOUNT = Account("123456789012", "eu-west-1")
LOGS = {"use": "logs", "encryption": "sse-s3", "log_delivery": True}
APPLICATION = {"use": "application", "kms_key": "buckets", "logging_target": "logs"}


def parsed(buckets: list[dict[str, Any]], account: Account = ACCOUNT, **options: Any) -> Any:
    params = checked(BOX.specification, {"platform_name": "demo", "buckets": buckets, **options})
    return BOX.parse(params, account)


def declared(*buckets: dict[str, Any], account: Account = ACCOUNT, **options: Any) -> dict[str, Resource]:
    resources = BOX.declare(parsed(list(buckets), account, **options), {})
    return {resource.ref.name.rsplit("-", 1)[-1]: resource for resource in resources}


def sids(resource: Resource) -> set[str]:
    return {statement["Sid"] for statement in resource.attributes["policy"]["Statement"]}


@given(st.permutations([LOGS, APPLICATION, {**APPLICATION, "use": "terraform", "terraform_backend": True}]))
def test_the_bucket_for_logs_comes_first(buckets: list[dict[str, Any]]) -> None:
    assert list(declared(*buckets)) == ["logs", "application", "terraform"]


def test_encryption() -> None:
    found = declared(LOGS, APPLICATION)
    assert found["logs"].attributes["encryption"] == {
        "algorithm": "AES256",
        "kms_key": None,
        "bucket_key": False,
        "blocked": ["SSE-C"],
    }
    assert found["application"].attributes["encryption"]["kms_key"] == Ref("kms_key", "demo-buckets")
    arn = "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234"
    other = declared(LOGS, {**APPLICATION, "kms_key": arn})["application"].attributes["encryption"]
    assert (other["kms_key"], other["algorithm"], other["bucket_key"]) == (arn, "aws:kms", True)


def test_a_policy_says_what_the_use_needs_and_no_more() -> None:
    found = declared(LOGS, APPLICATION, {"use": "x", "encryption": "sse-s3", "terraform_backend": True})
    assert sids(found["logs"]) == {"OnlyTls", "OnlyRecentTls", "S3AccessLogs", "LoadBalancerAccessLogs"}
    assert sids(found["application"]) == {"OnlyTls", "OnlyRecentTls", "OnlyKms"}
    assert sids(found["x"]) == {"OnlyTls", "OnlyRecentTls", "OnlyConditionalLocks"}


def test_nobody_is_allowed_anything_but_log_delivery() -> None:
    found = declared(LOGS, APPLICATION)
    allowed = [
        statement
        for resource in found.values()
        for statement in resource.attributes["policy"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert [statement["Sid"] for statement in allowed] == ["S3AccessLogs", "LoadBalancerAccessLogs"]
    assert {tuple(statement["Action"]) for statement in allowed} == {("s3:PutObject",)}
    assert all("123456789012" in str(statement) and "*" not in statement["Principal"] for statement in allowed)


def test_arns_of_another_partition() -> None:
    account = Account("123456789012", "cn-north-1", partition="aws-cn")
    text = str(declared(LOGS, account=account)["logs"].attributes["policy"])
    assert "arn:aws-cn:s3:::demo-123456789012-cn-north-1-logs/*" in text
    assert "arn:aws:" not in text


def test_expiration_and_delete_markers() -> None:
    found = declared({**LOGS, "lifecycle": {"expiration_days": 30}}, APPLICATION)
    rules = {use: resource.attributes["lifecycle"]["slipway"]["Expiration"] for use, resource in found.items()}
    assert rules == {"logs": {"Days": 30}, "application": {"ExpiredObjectDeleteMarker": True}}


def test_what_may_be_deleted_with_its_objects() -> None:
    assert parsed([LOGS, APPLICATION]).delete_objects == {"logs"}
    assert parsed([LOGS, APPLICATION], delete_objects=["application"]).delete_objects == {"application", "logs"}


@pytest.mark.parametrize("encryption", [{"kms_key": "buckets"}, {"encryption": "sse-s3"}])
def test_the_backend_names_a_key_where_there_is_one(encryption: dict[str, str]) -> None:
    spec = parsed([{"use": "terraform", "terraform_backend": True, **encryption}])
    backend = BOX.answer(spec, {})["backend"]
    assert ('kms_key_id   = "alias/demo-buckets"' in backend) == ("kms_key" in encryption)
    assert 'bucket       = "demo-123456789012-eu-west-1-terraform"' in backend
    assert "use_lockfile = true" in backend


@given(st.text(alphabet="abcz019-._A ", min_size=1, max_size=40))
def test_every_name_that_passes_is_one_that_s3_takes(use: str) -> None:
    try:
        name = parsed([{**LOGS, "use": use}]).buckets[0].name
    except Refusal:
        return
    assert 3 <= len(name) <= 63
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not name.startswith("-")
    assert not name.endswith(("-", "-s3alias", "--ol-s3"))


@given(st.text(alphabet="abcz019", min_size=1, max_size=35))
def test_plain_names_pass(use: str) -> None:
    assert parsed([{**LOGS, "use": use}]).buckets[0].use == use
