"""What can be checked of a platform without the account, and what the account then decides."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import ClientError
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._platform_check import model, region


def call(**changed: Any) -> dict[str, Any]:
    options = {"platform_name": "demo", "keys": [{"use": "eks", "description": "Secrets"}], "adopt": "yes", **changed}
    sources = {"platform_name": "platform_name", "adopt": "platform_adopt", "tags": "platform_tags", "keys": "eks_keys"}
    return {"module": "kms_keys", "options": options, "sources": sources}


def test_options_are_cast_once() -> None:
    (checked,) = model.declared([call()])
    assert checked.options["adopt"] is True
    assert checked.options["keys"][0]["services"] == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"adopt": "maybe"}, "platform_adopt is 'maybe'; allowed are true and false."),
        ({"platform_name": None}, "platform_name is not set; a value is required."),
        ({"keys": "eks"}, "eks_keys is 'eks'; a list is allowed."),
        ({"keys": [{"use": "eks"}]}, "eks_keys[0].description is not set; a value is required."),
        (
            {"tags": {"aws:x": "1"}},
            "platform_tags.aws:x is '1'; a key that begins with 'aws:' or 'slipway:' is reserved.",
        ),
    ],
)
def test_a_wrong_option_is_refused_by_the_name_of_its_variable(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        model.declared([call(**changed)])
    assert str(refused.value) == sentence


def test_regions_are_those_that_boto3_knows() -> None:
    region.check_region("platform_region", "eu-west-1")
    region.check_region("platform_region", "us-gov-west-1")
    with pytest.raises(Refusal, match="is 'eu-wset-1'; it is no region that boto3 knows, perhaps eu-west-1 is meant"):
        region.check_region("platform_region", "eu-wset-1")
    with pytest.raises(Refusal, match="platform_region is not set; a region of AWS is required"):
        region.check_region("platform_region", "")


@pytest.mark.parametrize(
    ("name", "code", "refused"),
    [
        ("af-south-1", "InvalidClientTokenId", True),
        ("af-south-1", "AuthFailure", True),
        ("af-south-1", "ExpiredToken", False),
        ("eu-west-1", "InvalidClientTokenId", False),
    ],
)
def test_a_region_that_is_not_enabled_refuses_credentials(name: str, code: str, refused: bool) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "GetCallerIdentity")
    assert (region.not_enabled("platform_region", name, error) is not None) is refused
