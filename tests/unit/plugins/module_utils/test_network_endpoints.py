"""Calls that answer 200 with a list of what they did not do."""

from __future__ import annotations

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import ClientError, unseen
from ansible_collections.slipway.platform.plugins.module_utils._aws.ec2.common import all_taken


def answer(code: str, message: str = "It is not there") -> dict[str, object]:
    return {"Unsuccessful": [{"ResourceId": "vpc-1", "Error": {"Code": code, "Message": message}}]}


def test_a_role_that_cannot_be_assumed_yet_is_tried_again() -> None:
    with pytest.raises(ClientError) as failed:
        all_taken(answer("InvalidParameter", "Unable to assume given IAM role"), "CreateFlowLogs")
    assert unseen(failed.value)


def test_any_other_reason_is_an_error_with_its_code() -> None:
    with pytest.raises(ClientError) as failed:
        all_taken(answer("FlowLogAlreadyExists", "There is one"), "CreateFlowLogs")
    assert not unseen(failed.value)
    assert failed.value.operation_name == "CreateFlowLogs"


def test_what_is_gone_needs_no_deletion() -> None:
    all_taken(answer("InvalidVpcEndpoint.NotFound"), "DeleteVpcEndpoints", gone=True)
    with pytest.raises(ClientError):
        all_taken(answer("InvalidVpcEndpoint.NotFound"), "CreateFlowLogs")
