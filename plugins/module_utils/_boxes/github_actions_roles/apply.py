# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of this box: the kinds of its siblings, with a provider that stands for GitHub instead of a cluster."""

from __future__ import annotations

from dataclasses import replace

from ..._aws import tags
from ..._aws.client import Api, ClientError, code_of
from ..._core.box import Target
from ..eks_access.apply import OIDC_PROVIDER
from ..iam_roles import KINDS as IAM_KINDS
from .read import provider_arn


def create_provider(api: Api, provider: Target) -> str:
    """Without thumbprints: IAM knows the authority that signs for GitHub. Another platform's run may have been faster.

    Source: CreateOpenIDConnectProvider, IAM API Reference.
    """
    try:
        answer = api.iam.create_open_id_connect_provider(
            Url=provider.attributes["url"],
            ClientIDList=list(provider.attributes["client_ids"]),
            Tags=tags.to_list(provider.tags),
        )
    except ClientError as error:
        if code_of(error) != "EntityAlreadyExists":
            raise
        return provider_arn(provider.spec)
    return str(answer["OpenIDConnectProviderArn"])


KINDS = (replace(OIDC_PROVIDER, immutable=frozenset({"url"}), create=create_provider), *IAM_KINDS)
