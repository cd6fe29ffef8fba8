# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `service_linked_role`: made once in an account, never changed or deleted."""

from __future__ import annotations

from collections.abc import Sequence

from ..._core.box import Kind, Target
from ..._core.plan import Found, Ref
from ..client import Api, ClientError, code_of
from .roles import list_roles

SERVICE_LINKED_PATH = "/aws-service-role/"


def create_service_linked_role(api: Api, role: Target) -> str:
    """A role of the account, not of the platform: another platform's run may have made it a moment ago."""
    try:
        return str(api.iam.create_service_linked_role(AWSServiceName=role.name)["Role"]["Arn"])
    except ClientError as error:
        if code_of(error) != "InvalidInput" or "has been taken" not in str(error):
            raise
    path = f"/aws-service-role/{role.name}/"
    return str(api.iam.pages("list_roles", "Roles", PathPrefix=path)[0]["Arn"])


def read_service_linked_roles(api: Api, services: Sequence[str]) -> dict[Ref, Found]:
    """Those of the services that have their role in this account, by one call; a role with a suffix does not count."""
    if not services:
        return {}
    roles = list_roles(api, SERVICE_LINKED_PATH)
    arns = {role["Path"].split("/")[2]: role["Arn"] for role in roles if "_" not in role["RoleName"]}
    return {Ref("service_linked_role", service): Found(arns[service]) for service in services if service in arns}


SERVICE_LINKED_ROLE = Kind(name="service_linked_role", create=create_service_linked_role)
