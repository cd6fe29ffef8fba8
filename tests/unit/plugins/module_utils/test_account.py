"""Facts of the account: read once, carried on as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws import account as _account
from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal

TEXT = st.text("abc-1", min_size=1, max_size=4)
ACCOUNTS = st.builds(
    Account,
    id=TEXT,
    region=TEXT,
    partition=st.sampled_from(["aws", "aws-cn"]),
    caller=TEXT,
    zones=st.none() | st.dictionaries(TEXT, TEXT),
    offerings=st.none() | st.dictionaries(TEXT, st.lists(TEXT).map(tuple)),
    versions=st.none() | st.dictionaries(TEXT, st.fixed_dictionaries({"status": TEXT})),
)


class Aws(Api):
    """Answers of AWS, and how often it was asked."""

    def __init__(self) -> None:
        super().__init__({"region": "eu-west-1", "endpoint": None}, say=print)
        self.calls: list[str] = []

    def client(self, service: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        self.calls.append("identity")
        return {"Account": "123456789012", "Arn": "arn:aws-cn:sts::123456789012:assumed-role/operator/me"}

    def describe_availability_zones(self) -> dict[str, Any]:
        self.calls.append("zones")
        zones = [
            {"ZoneName": "a", "ZoneId": "1", "ZoneType": "availability-zone", "State": "available"},
            {"ZoneName": "b", "ZoneId": "2"},
            {"ZoneName": "local", "ZoneId": "3", "ZoneType": "local-zone"},
            {"ZoneName": "impaired", "ZoneId": "4", "State": "impaired"},
            {"ZoneName": "closed", "ZoneId": "5", "OptInStatus": "not-opted-in"},
        ]
        return {"AvailabilityZones": zones}

    def pages(self, operation: str, key: str, **parameters: Any) -> list[dict[str, str]]:
        self.calls.append(operation)
        if operation == "describe_cluster_versions":
            return [{"clusterVersion": "1.35", "versionStatus": "STANDARD_SUPPORT"}]
        asked = parameters["Filters"][0]["Values"]
        return [{"InstanceType": name, "Location": zone} for name in asked if name != "x9.huge" for zone in ("b", "a")]


@given(ACCOUNTS)
def test_json_and_back(account: Account) -> None:
    data = json.loads(json.dumps(account.as_dict()))
    assert _account.of(data) == account


def test_the_partition_is_the_callers() -> None:
    account = _account.read(Aws(), {}, {})
    assert (account.id, account.partition, account.region) == ("123456789012", "aws-cn", "eu-west-1")
    assert account.zones is None


def test_only_what_was_asked_is_read_and_nothing_twice() -> None:
    aws = Aws()
    account = _account.read(aws, {}, {"zones": (), "offerings": ["m5.large", "x9.huge"], "versions": ()})
    assert sorted(aws.calls) == [
        "describe_cluster_versions",
        "describe_instance_type_offerings",
        "identity",
        "zones",
    ]
    assert account.zones == {"a": "1", "b": "2"}
    assert account.offerings == {"m5.large": ("a", "b"), "x9.huge": ()}
    assert account.versions is not None
    assert account.versions["1.35"]["status"] == "STANDARD_SUPPORT"
    again = _account.read(aws, account.as_dict(), {"zones": (), "offerings": ["m5.large"], "versions": ()})
    assert again == account
    assert len(aws.calls) == 4


def test_an_instance_type_more_is_one_call_more() -> None:
    aws = Aws()
    account = _account.read(aws, {}, {"offerings": ["m5.large"]})
    more = _account.read(aws, account.as_dict(), {"offerings": ["m5.large", "c5.large"]})
    assert more.offerings == {"m5.large": ("a", "b"), "c5.large": ("a", "b")}
    assert aws.calls.count("describe_instance_type_offerings") == 2


@pytest.mark.parametrize(
    ("options", "arn"),
    [
        ({}, "arn:aws:x:eu-west-1:123456789012:thing"),
        ({"regional": False}, "arn:aws:x::123456789012:thing"),
        ({"owned": False}, "arn:aws:x:eu-west-1::thing"),
    ],
)
def test_arns(options: dict[str, bool], arn: str) -> None:
    assert Account("123456789012", "eu-west-1").arn("x", "thing", **options) == arn


def test_dns_suffixes() -> None:
    assert Account("1", "eu-west-1").dns_suffix == "amazonaws.com"
    assert Account("1", "cn-north-1", partition="aws-cn").dns_suffix == "amazonaws.com.cn"


def test_an_account_number_that_lost_its_leading_zero_is_refused() -> None:
    _account.check_id("account_id", None)
    _account.check_id("account_id", "012345678901")
    with pytest.raises(Refusal, match="account_id is '12345678901'; 12 digits are allowed"):
        _account.check_id("account_id", "12345678901")


def test_credentials_of_another_account_are_refused() -> None:
    _account.check_owner("account_id", "111111111111", Account("111111111111", "eu-west-1"))
    _account.check_owner("account_id", None, Account("111111111111", "eu-west-1"))
    with pytest.raises(Refusal, match="account_id is '111111111111'; the credentials belong to the account 2"):
        _account.check_owner("account_id", "111111111111", Account("222222222222", "eu-west-1"))
