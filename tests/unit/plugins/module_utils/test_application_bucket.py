"""The bucket of an application: the one that is named, else that of the platform."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_bucket import named


class Aws(Api):
    def __init__(self) -> None:
        super().__init__({"region": "eu-west-1", "endpoint": None}, say=print)
        self.calls: list[str] = []

    def client(self, service: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        self.calls.append("identity")
        return {"Account": "222222222222"}


@pytest.mark.parametrize(
    ("options", "name", "calls"),
    [
        ({"bucket": "ours", "platform_name": "demo"}, "ours", []),
        ({"platform_name": "demo", "account_id": "111111111111"}, "demo-111111111111-eu-west-1-application", []),
        ({"platform_name": "demo"}, "demo-222222222222-eu-west-1-application", ["identity"]),
    ],
)
def test_the_account_is_asked_for_only_where_no_option_tells(
    options: dict[str, str], name: str, calls: list[str]
) -> None:
    api = Aws()
    assert named({"bucket": None, "platform_name": None, "account_id": None, **options}, api)["bucket"] == name
    assert api.calls == calls


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "bucket is not set; the name of a bucket is needed, or that of a platform."),
        ({"platform_name": "Demo"}, "platform_name is 'Demo'; allowed are"),
        ({"platform_name": "demo", "account_id": "1"}, "account_id is '1'; 12 digits are allowed"),
    ],
)
def test_a_bucket_that_nobody_names_is_refused(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        named({"bucket": None, "platform_name": None, "account_id": None, **options}, Aws())
    assert str(refused.value).startswith(sentence)
