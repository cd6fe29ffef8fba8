"""Deletions in IAM, which counts for a moment what has just gone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.iam.instance_profiles import delete_instance_profile
from ansible_collections.slipway.platform.plugins.module_utils._aws.iam.roles import delete_role
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Target
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref


class Iam:
    """IAM that refuses deletions with the given codes first."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.deleted: list[str] = []

    def _delete(self, name: str) -> None:
        if self.codes:
            raise ClientError({"Error": {"Code": self.codes.pop(0), "Message": "No."}}, "Delete")
        self.deleted.append(name)

    def delete_role(self, **names: str) -> None:
        self._delete(names["RoleName"])

    def delete_instance_profile(self, **names: str) -> None:
        self._delete(names["InstanceProfileName"])


class Aws(Api):
    def __init__(self, iam: Iam) -> None:
        super().__init__({"region": "eu-west-1", "endpoint": None}, say=print)
        self.iam: Any = iam


def target(kind: str) -> Target:
    attributes = {"managed_policies": [], "policies": {}}
    return Target(Ref(kind, "demo-nodes"), "demo-nodes", attributes, {}, attributes)


@pytest.mark.parametrize(("kind", "delete"), [("iam_role", delete_role), ("instance_profile", delete_instance_profile)])
def test_what_still_counts_is_waited_out(kind: str, delete: Any) -> None:
    iam = Iam("DeleteConflict", "DeleteConflict")
    delete(Aws(iam), target(kind))
    assert iam.deleted == ["demo-nodes"]


def test_other_refusals_are_errors_at_once() -> None:
    iam = Iam("AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        delete_role(Aws(iam), target("iam_role"))
    assert iam.deleted == []
