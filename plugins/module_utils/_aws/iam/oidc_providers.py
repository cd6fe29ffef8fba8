# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kind `oidc_provider`: its calls, one a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.box import Kind, Target
from .. import tags as _tags
from ..account import Account
from ..client import Api, ClientError, code_of
from ..eks.common import describe_cluster


def provider_arn(account: Account, issuer: str) -> str:
    """:param issuer: with or without `https://`."""
    return account.arn("iam", f"oidc-provider/{issuer.removeprefix('https://')}", regional=False)


def create_provider(api: Api, provider: Target) -> str:
    """Without thumbprints: IAM knows the authorities that sign for EKS and GitHub. Another run may have been faster.

    Source: CreateOpenIDConnectProvider, IAM API Reference.
    """
    url = provider.attributes.get("url") or _issuer(api, provider.attributes["cluster"])
    try:
        answer = api.iam.create_open_id_connect_provider(
            Url=url, ClientIDList=list(provider.attributes["client_ids"]), Tags=_tags.to_list(provider.tags)
        )
    except ClientError as error:
        if code_of(error) != "EntityAlreadyExists":
            raise
        return provider_arn(provider.spec.account, url)
    return str(answer["OpenIDConnectProviderArn"])


def _issuer(api: Api, cluster: str) -> str:
    described = describe_cluster(api, cluster) or {}
    return str(described["identity"]["oidc"]["issuer"])


def update_client_ids(api: Api, provider: Target) -> None:
    wanted, before = provider.attributes["client_ids"], provider.before["client_ids"]
    for client in wanted:
        if client not in before:
            api.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider.id, ClientID=client)
    for client in before:
        if client not in wanted:
            api.iam.remove_client_id_from_open_id_connect_provider(
                OpenIDConnectProviderArn=provider.id, ClientID=client
            )


def delete_provider(api: Api, provider: Target) -> None:
    api.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider.id)


def tag_provider(api: Api, provider: Target, tags: Mapping[str, str]) -> None:
    api.iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider.id, Tags=_tags.to_list(tags))


def untag_provider(api: Api, provider: Target, keys: Sequence[str]) -> None:
    api.iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider.id, TagKeys=list(keys))


def get_provider(api: Api, arn: str) -> dict[str, Any] | None:
    answer: dict[str, Any] | None = api.optional(
        lambda: api.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn), "NoSuchEntity"
    )
    return answer


def list_providers(api: Api) -> list[str]:
    return [entry["Arn"] for entry in api.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]


OIDC_PROVIDER = Kind(
    name="oidc_provider",
    immutable=frozenset({"cluster", "url"}),
    create=create_provider,
    update={"client_ids": update_client_ids},
    delete=delete_provider,
    tag=tag_provider,
    untag=untag_provider,
)
"""Attributes `client_ids`, its audiences, and `url`, its issuer, or `cluster`, whose issuer it stands for. It needs
`account` in what the box's `parse` returns."""
