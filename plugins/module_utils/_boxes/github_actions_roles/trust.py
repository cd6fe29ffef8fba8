# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust policies for workflows on GitHub: which tokens may assume a role. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..._aws import policies
from ..._aws.account import Account
from ..._core.plan import Ref, Value

ISSUER = "token.actions.githubusercontent.com"
"""Of all tokens of github.com, and the name that AWS's condition keys for their claims begin with."""

PROVIDER = Ref("oidc_provider", ISSUER)


@dataclass(frozen=True)
class Workflow:
    """The workflows that may assume a role.

    :param immutable: whether the subject holds both identifiers; who gets hold of the names gets the other, legacy one.
    :param repository_id: compared by itself, too, where it is known.
    :param refs: branches and tags, `*` as wildcard.
    :param pull_requests: workflows of pull requests, of the repository's own branches: those of forks get no token.
    :param job_workflow_refs: if there are any, the job has to come out of one of these reusable workflows.
    """

    repository: str
    immutable: bool
    owner_id: int | None
    repository_id: int | None
    refs: tuple[str, ...]
    pull_requests: bool
    environment: str | None
    job_workflow_refs: tuple[str, ...]

    @property
    def subject(self) -> str:
        """What the subject begins with. Source: "Immutable subject claims", OpenID Connect reference, GitHub Docs."""
        if not self.immutable:
            return f"repo:{self.repository}"
        if not self.owner_id or not self.repository_id:
            raise AssertionError("an immutable subject without identifiers; `complete` refuses that")
        owner, name = self.repository.split("/")
        return f"repo:{owner}@{self.owner_id}/{name}@{self.repository_id}"


def trust_policy(workflow: Workflow, account: Account) -> dict[str, Value]:
    """A statement for branches and tags, and one for pull requests.

    GitHub's subject names the environment or the ref, never both, so each is compared by a claim of its own. A claim
    that is missing fails `StringEquals` and `StringLike`; with `ForAllValues` it would pass.
    Source: "Available keys for AWS OIDC federation", IAM User Guide.
    """
    statements = []
    if workflow.refs:
        subjects = [f"ref:{ref}" for ref in workflow.refs]
        statements.append(_statement(workflow, account, subjects, workflow.refs))
    if workflow.pull_requests:
        statements.append(_statement(workflow, account, ["pull_request"], ["refs/pull/*/merge"]))
    return policies.document(*statements)


def _statement(workflow: Workflow, account: Account, subjects: Iterable[str], refs: Iterable[str]) -> dict[str, Value]:
    if workflow.environment is not None:
        subjects = [f"environment:{workflow.environment}"]
    claims: dict[str, list[str]] = {
        "aud": [f"sts.{account.dns_suffix}"],
        "sub": [f"{workflow.subject}:{subject}" for subject in subjects],
        "ref": list(refs),
    }
    if workflow.repository_id is not None:
        claims["repository_id"] = [str(workflow.repository_id)]
    if workflow.environment is not None:
        claims["environment"] = [workflow.environment]
    if workflow.job_workflow_refs:
        claims["job_workflow_ref"] = list(workflow.job_workflow_refs)
    condition: dict[str, dict[str, list[str]]] = {}
    for claim, values in sorted(claims.items()):
        operator = "StringLike" if any("*" in value for value in values) else "StringEquals"
        condition.setdefault(operator, {})[f"{ISSUER}:{claim}"] = values
    return {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
