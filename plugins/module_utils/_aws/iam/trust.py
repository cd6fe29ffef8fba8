# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust policies: who may assume a role. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._core.plan import Value
from .. import policies
from ..account import Account

_CONFUSABLE = frozenset({"vpc-flow-logs.amazonaws.com", "delivery.logs.amazonaws.com", "events.amazonaws.com"})
"""Services that pass `aws:SourceAccount` when they assume a role. EC2, EKS and EKS's pod identity do not: with this
condition their roles could not be assumed. Source: "The confused deputy problem" and each service's own guide."""


def service_trust(
    services: Iterable[str], account: Account, conditions: Mapping[str, Value] | None = None
) -> dict[str, Value]:
    """A trust policy that lets AWS services assume a role, a statement a service.

    :param conditions: of every statement, beside the caller's account, which is set where the service supports it.
    """
    return policies.document(*(_trust(service, account, conditions or {}) for service in sorted(set(services))))


def _trust(service: str, account: Account, conditions: Mapping[str, Value]) -> dict[str, Value]:
    name = service if service != "ec2.amazonaws.com" else f"ec2.{account.dns_suffix}"
    tests = {operator: dict(entry) for operator, entry in conditions.items()}
    if service in _CONFUSABLE:
        tests.setdefault("StringEquals", {})["aws:SourceAccount"] = account.id
    actions = ["sts:AssumeRole", "sts:TagSession"] if service == "pods.eks.amazonaws.com" else ["sts:AssumeRole"]
    statement: dict[str, Value] = {"Effect": "Allow", "Principal": {"Service": name}, "Action": actions}
    return {**statement, "Condition": tests} if tests else statement


def pod_identity_trust(account: Account, *, cluster: str, namespace: str, service_account: str) -> dict[str, Value]:
    """A trust policy for the pods of one service account of one cluster, by the session tags that EKS sets.

    Source: "Create IAM role with trust policy required by EKS Pod Identity", EKS User Guide.
    """
    tests = {
        "aws:RequestTag/eks-cluster-name": cluster,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    return service_trust(["pods.eks.amazonaws.com"], account, {"StringEquals": tests})


def account_trust(account: Account) -> dict[str, Value]:
    """A trust policy that leaves it to IAM which principals of the account may assume a role."""
    principal = {"AWS": account.arn("iam", "root", regional=False)}
    return policies.document({"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]})
