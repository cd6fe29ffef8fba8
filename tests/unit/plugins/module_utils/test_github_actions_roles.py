"""Which tokens the trust policies of GitHub's roles admit, and what the roles may do. Judged by an evaluator of IAM."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._boxes.github_actions_roles.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._boxes.github_actions_roles.permissions import (
    PLAN_ACTIONS,
)
from ansible_collections.slipway.platform.plugins.module_utils._boxes.github_actions_roles.read import complete
from ansible_collections.slipway.platform.plugins.module_utils._boxes.github_actions_roles.trust import PROVIDER
from ansible_collections.slipway.platform.plugins.module_utils._core.known import Known
from ansible_collections.slipway.platform.plugins.module_utils._core.options import checked
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Ref, Refusal, references
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.sboms import SUFFIXES
from tests.iam_conditions import admitted, allowed

ROOT = Path(__file__).resolve().parents[4]
ACCOUNT = Account("123456789012", "eu-west-1")
BUCKET = "arn:aws:s3:::demo-123456789012-eu-west-1-application"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT.id}:key/11111111-2222-3333-4444-555555555555"
SIGNING = f"arn:aws:kms:eu-west-1:{ACCOUNT.id}:key/22222222-2222-3333-4444-555555555555"
SHOP = {"repository": "octo-org/shop", "owner_id": 123, "repository_id": 456}
MAIN = {"refs": ["refs/heads/main"]}


def role(**options: Any) -> dict[str, Any]:
    """Attributes of the one role that is declared; `options` of the module, or of the role by `role`."""
    entry = {"name": "build", "permissions": ["artifacts"], **options.pop("role", MAIN)}
    params = {"platform_name": "demo", "kms_key": KEY, **SHOP, "roles": [entry], **options}
    spec = complete(None, BOX.parse(checked(BOX.specification, params), ACCOUNT), {}, Known())
    _provider, resource = BOX.declare(spec, {})
    return dict(resource.attributes)


def trust(**options: Any) -> Any:
    return role(**options)["trust_policy"]


def token(**changed: str | None) -> dict[str, str]:
    """Claims of a token of a workflow on the main branch of the repository; None takes one away."""
    claims = {
        "aud": "sts.amazonaws.com",
        "sub": "repo:octo-org@123/shop@456:ref:refs/heads/main",
        "ref": "refs/heads/main",
        "repository": "octo-org/shop",
        "repository_id": "456",
        "job_workflow_ref": "octo-org/shop/.github/workflows/build.yml@refs/heads/main",
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


IN_ENVIRONMENT = token(sub="repo:octo-org@123/shop@456:environment:production", environment="production")
PULL_REQUEST = token(sub="repo:octo-org@123/shop@456:pull_request", ref="refs/pull/7/merge")
LEGACY = token(sub="repo:octo-org/shop:ref:refs/heads/main")

REFUSED = {
    "another branch": token(sub="repo:octo-org@123/shop@456:ref:refs/heads/other", ref="refs/heads/other"),
    "a branch that begins alike": token(sub="repo:octo-org@123/shop@456:ref:refs/heads/main2", ref="refs/heads/main2"),
    "a tag": token(sub="repo:octo-org@123/shop@456:ref:refs/tags/main", ref="refs/tags/main"),
    "a subject and a ref that disagree": token(ref="refs/heads/other"),
    "an environment": IN_ENVIRONMENT,
    "a pull request": PULL_REQUEST,
    "a fork": token(sub="repo:mallory@666/shop@777:ref:refs/heads/main", repository_id="777"),
    "another repository of the owner": token(sub="repo:octo-org@123/blog@789:ref:refs/heads/main", repository_id="789"),
    "another owner with the same name": token(
        sub="repo:octo-org@999/shop@888:ref:refs/heads/main", repository_id="888"
    ),
    "the owner's new repository of the same name": token(
        sub="repo:octo-org@123/shop@457:ref:refs/heads/main", repository_id="457"
    ),
    "an identifier that begins alike": token(sub="repo:octo-org@123/shop@4567:ref:refs/heads/main"),
    "the legacy subject": LEGACY,
    "the subject in other case": token(sub="repo:Octo-Org@123/shop@456:ref:refs/heads/main"),
    "another audience": token(aud="https://github.com/octo-org"),
    "no audience": token(aud=None),
    "no subject": token(sub=None),
    "no ref": token(ref=None),
    "no repository_id": token(repository_id=None),
    "nothing": {},
}


def test_a_workflow_on_the_branch_is_admitted() -> None:
    assert admitted(trust(), PROVIDER, token())


@pytest.mark.parametrize("claims", REFUSED.values(), ids=REFUSED)
def test_everybody_else_is_refused(claims: dict[str, str]) -> None:
    assert not admitted(trust(), PROVIDER, claims)


def test_tokens_of_another_provider_are_refused() -> None:
    assert not admitted(trust(), Ref("oidc_provider", "gitlab.com"), token())


def test_an_environment_needs_both_the_environment_and_the_ref() -> None:
    policy = trust(role={**MAIN, "environment": "production"})
    assert admitted(policy, PROVIDER, IN_ENVIRONMENT)
    for claims in (
        token(),
        token(environment="production"),
        {**IN_ENVIRONMENT, "environment": "staging"},
        {**IN_ENVIRONMENT, "sub": "repo:octo-org@123/shop@456:environment:staging"},
        {**IN_ENVIRONMENT, "ref": "refs/heads/other"},
        {**IN_ENVIRONMENT, "ref": "refs/pull/7/merge"},
        {name: value for name, value in IN_ENVIRONMENT.items() if name != "environment"},
        {name: value for name, value in IN_ENVIRONMENT.items() if name != "ref"},
    ):
        assert not admitted(policy, PROVIDER, claims)


def test_pull_requests_come_in_only_where_they_are_wanted() -> None:
    policy = trust(role={**MAIN, "permissions": ["plan"], "pull_requests": True})
    assert admitted(policy, PROVIDER, PULL_REQUEST)
    assert admitted(policy, PROVIDER, token())
    of_a_fork = token(sub="repo:mallory@666/shop@777:pull_request", ref="refs/pull/7/merge", repository_id="777")
    assert not admitted(policy, PROVIDER, of_a_fork)
    assert not admitted(policy, PROVIDER, {**PULL_REQUEST, "ref": "refs/heads/other"})
    assert not admitted(policy, PROVIDER, {**token(), "ref": "refs/pull/7/merge"})


def test_a_pattern_of_tags_admits_these_tags_alone() -> None:
    policy = trust(role={"refs": ["refs/tags/v*"]})
    tag = token(sub="repo:octo-org@123/shop@456:ref:refs/tags/v1.2.3", ref="refs/tags/v1.2.3")
    assert admitted(policy, PROVIDER, tag)
    for name in ("refs/tags/1.2.3", "refs/heads/v1", "refs/heads/refs/tags/v1"):
        other = token(sub=f"repo:octo-org@123/shop@456:ref:{name}", ref=name)
        assert not admitted(policy, PROVIDER, other)
    assert not admitted(policy, PROVIDER, {**tag, "sub": "repo:octo-org@123/shop@456x:ref:refs/tags/v1.2.3"})


def test_a_reusable_workflow_of_one_ref_alone() -> None:
    wanted = "octo-org/shop/.github/workflows/build.yml@refs/heads/main"
    policy = trust(role={**MAIN, "job_workflow_refs": [wanted]})
    assert admitted(policy, PROVIDER, token())
    assert not admitted(policy, PROVIDER, token(job_workflow_ref=wanted.replace("main", "other")))
    assert not admitted(policy, PROVIDER, token(job_workflow_ref=None))


def test_the_legacy_form_by_option() -> None:
    named = {"owner_id": None, "repository_id": None, "subject_format": "legacy"}
    assert admitted(trust(**named), PROVIDER, LEGACY)
    assert not admitted(trust(**named), PROVIDER, token())
    assert not admitted(trust(**named), PROVIDER, {**LEGACY, "sub": "repo:octo-org/shop2:ref:refs/heads/main"})
    recycled = {**LEGACY, "repository_id": "888"}
    assert admitted(trust(**named), PROVIDER, recycled), "names alone are not more than names"
    assert not admitted(trust(subject_format="legacy"), PROVIDER, recycled), "unless the identifier is known, too"


SEGMENT = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,8}", fullmatch=True)


@given(
    owner=SEGMENT,
    name=SEGMENT,
    ids=st.tuples(st.integers(1, 999), st.integers(1, 999)),
    ref=st.sampled_from(["refs/heads/main", "refs/heads/release/1", "refs/tags/v1.0.0", "refs/pull/1/merge"]),
    tail=st.sampled_from(["ref", "environment:production", "pull_request"]),
)
def test_a_token_of_any_other_repository_is_refused_whatever_the_role_takes(
    owner: str, name: str, ids: tuple[int, int], ref: str, tail: str
) -> None:
    wide = {"permissions": ["plan"], "refs": ["refs/heads/*", "refs/tags/v*"], "pull_requests": True}
    wide["refs"] = ["refs/heads/r*", "refs/heads/main", "refs/tags/v*"]
    policies = [trust(role=wide), trust(role={**wide, "environment": "production"})]
    subject = f"repo:{owner}@{ids[0]}/{name}@{ids[1]}:{f'ref:{ref}' if tail == 'ref' else tail}"
    claims = token(sub=subject, ref=ref, repository_id=str(ids[1]), environment="production")
    same = (owner, name, *ids) == ("octo-org", "shop", 123, 456)
    assert same or not any(admitted(policy, PROVIDER, claims) for policy in policies)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subject_format": "legacy"},
        {"role": {**MAIN, "environment": "production"}},
        {"role": {"refs": ["refs/tags/v*", "refs/heads/main"]}},
        {"role": {"permissions": ["plan"], "pull_requests": True}},
    ],
)
def test_conditions_that_pass_without_the_claim_are_not_used(options: dict[str, Any]) -> None:
    for statement in trust(**options)["Statement"]:
        assert set(statement["Condition"]) <= {"StringEquals", "StringLike"}
        named = {key.rpartition(":")[2] for keys in statement["Condition"].values() for key in keys}
        assert {"aud", "sub", "ref", "repository_id"} <= named
        assert statement["Principal"] == {"Federated": [PROVIDER]}
        subjects = [
            value
            for keys in statement["Condition"].values()
            for key, values in keys.items()
            if key.endswith(":sub")
            for value in values
        ]
        prefix = "repo:octo-org/shop:" if "subject_format" in options else "repo:octo-org@123/shop@456:"
        assert all(subject.startswith(prefix) for subject in subjects)


def test_identifiers_may_be_missing_until_the_role_is_made() -> None:
    params = {"platform_name": "demo", "repository": "octo-org/shop", "kms_key": KEY}
    spec = BOX.parse(checked(BOX.specification, params), ACCOUNT)
    with pytest.raises(Refusal) as refused:
        complete(None, spec, {}, Known())
    assert str(refused.value) == (
        "owner_id is not set; the identifier that module github_repository returns is required, or subject_format "
        "'legacy'."
    )


def permissions(name: str, **options: Any) -> Any:
    return role(role={**MAIN, "permissions": [name]}, **options)["policies"][name]


OBJECT = f"{BUCKET}/applications/shop/1.2.3"
CONDITIONAL = {"s3:if-none-match": "*"}


@pytest.mark.parametrize("name", ["artifacts", "images"])
def test_the_pipeline_writes_each_object_once_and_deletes_none(name: str) -> None:
    policy = permissions(name)
    mine = {"artifacts": ["claim.json", "shop-1.2.3-linux-amd64.tar.gz", "shop-1.2.3-linux-amd64.tar.gz.sha256"]}
    bills = [f"shop-1.2.3-linux-amd64.{suffix}" for suffix in SUFFIXES.values()]
    mine["images"] = ["release.json", "release+r2.json", *bills, "scans/sha256:0/2026-01-02.json"]
    for file in [*mine["artifacts"], *mine["images"]]:
        assert allowed(policy, "s3:PutObject", f"{OBJECT}/{file}", CONDITIONAL) == (file in mine[name])
        assert not allowed(policy, "s3:PutObject", f"{OBJECT}/{file}"), "an unconditional write could replace it"
        assert allowed(policy, "s3:GetObject", f"{OBJECT}/{file}")
        for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl"):
            assert not allowed(policy, action, f"{OBJECT}/{file}", CONDITIONAL)


@pytest.mark.parametrize("name", ["artifacts", "images"])
def test_the_pipeline_sees_no_other_application_and_no_other_bucket(name: str) -> None:
    policy = permissions(name)
    for other in (
        f"{BUCKET}/applications/shop2/1.2.3/release.json",
        f"{BUCKET}/applications/blog/1.2.3/claim.json",
        f"{BUCKET}/claim.json",
        "arn:aws:s3:::demo-123456789012-eu-west-1-terraform/applications/shop/1.2.3/claim.json",
    ):
        assert not allowed(policy, "s3:GetObject", other)
        assert not allowed(policy, "s3:PutObject", other, CONDITIONAL)


def test_the_key_of_the_bucket_is_for_s3_alone() -> None:
    policy = permissions("artifacts")
    through = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
    assert allowed(policy, "kms:GenerateDataKey", KEY, through)
    assert not allowed(policy, "kms:GenerateDataKey", KEY)
    assert not allowed(policy, "kms:Decrypt", KEY, {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"})
    assert not allowed(policy, "kms:Decrypt", SIGNING, through)


def test_images_go_to_their_own_repositories_and_are_signed_by_one_key() -> None:
    policy = permissions("images", image_repositories=["shop", "shop/debug"], signing_key_arn=SIGNING)
    beginning = f"arn:aws:ecr:eu-west-1:{ACCOUNT.id}:repository"
    for name, mine in (("shop", True), ("shop/debug", True), ("shop2", False), ("blog", False)):
        for action in ("ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:BatchGetImage"):
            assert allowed(policy, action, f"{beginning}/{name}") == mine
        for action in ("ecr:DeleteRepository", "ecr:BatchDeleteImage", "ecr:PutImageTagMutability"):
            assert not allowed(policy, action, f"{beginning}/{name}")
    assert allowed(policy, "ecr:GetAuthorizationToken", "*")
    assert allowed(policy, "kms:Sign", SIGNING)
    assert not allowed(policy, "kms:Sign", KEY)
    for action in ("kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:Decrypt"):
        assert not allowed(policy, action, SIGNING)


def test_images_go_where_ecr_repositories_makes_repositories() -> None:
    policy = permissions("images")
    assert allowed(policy, "ecr:PutImage", f"arn:aws:ecr:eu-west-1:{ACCOUNT.id}:repository/demo/shop")
    assert not allowed(policy, "ecr:PutImage", f"arn:aws:ecr:eu-west-1:{ACCOUNT.id}:repository/shop")


def test_without_ecr_and_without_a_key_nothing_of_them_is_allowed() -> None:
    policy = permissions("images", image_repositories=[])
    assert {entry["Sid"] for entry in policy["Statement"]} == {"Bucket", "Read", "WriteOnce", "Key"}


def test_the_artifacts_role_pushes_and_signs_nothing() -> None:
    services = {
        action.partition(":")[0] for entry in permissions("artifacts")["Statement"] for action in entry["Action"]
    }
    assert services == {"s3", "kms"}


def test_the_scan_reads_images_writes_records_and_neither_pushes_nor_signs() -> None:
    policy = permissions("scan", signing_key_arn=SIGNING)
    repository = f"arn:aws:ecr:eu-west-1:{ACCOUNT.id}:repository/demo/shop"
    assert allowed(policy, "ecr:BatchGetImage", repository)
    assert allowed(policy, "s3:GetObject", f"{OBJECT}/release.json")
    assert allowed(policy, "s3:PutObject", f"{OBJECT}/scans/sha256:0/2026-01-02.json", CONDITIONAL)
    for file in ("release.json", "claim.json", "shop-1.2.3-linux-amd64.tar.gz"):
        assert not allowed(policy, "s3:PutObject", f"{OBJECT}/{file}", CONDITIONAL)
    for action in ("ecr:PutImage", "ecr:InitiateLayerUpload"):
        assert not allowed(policy, action, repository)
    assert not allowed(policy, "kms:Sign", SIGNING)


def test_by_default_each_role_is_for_its_own_workflow() -> None:
    """A job that the application's repository writes itself gets none of them, whatever runs on main."""
    wanted = {"build": ["build"], "image": ["image"], "plan": ["drift", "pull-request"], "scan": ["drift"]}
    workflows = "slipway-platform/slipway.platform/.github/workflows"
    defaults = {entry["name"]: entry["job_workflow_refs"] for entry in BOX.options["roles"]["default"]}
    assert defaults == {name: [f"{workflows}/{file}.yml@*" for file in files] for name, files in wanted.items()}


READS = ("describe", "get", "head", "list")
ACTIONS = {
    "resourcegroupstaggingapi:GetResources": "tag:GetResources",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
}
"""Operations whose action has another name. Source: Service Authorization Reference."""
OF_OTHER_ROLES = {
    "s3:GetObject",
    "s3:HeadObject",
    "s3:ListObjectsV2",
    "s3:ListObjectVersions",
    "s3:ListMultipartUploads",
    "ecr:GetAuthorizationToken",
    "sts:GetCallerIdentity",
}
"""Reading content, logging in, emptying buckets; and what needs no permission."""


def operations(source: str) -> set[str]:
    """Reads of AWS in a module's source: `api.<service>.<operation>` and `api.<service>.pages("<operation>")`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Attribute):
            continue
        owner = node.value.value
        if (isinstance(owner, ast.Name) and owner.id == "api") or (
            isinstance(owner, ast.Attribute) and owner.attr in ("api", "_api")
        ):
            found.add((node.value.attr, node.attr))
    for service, operation in re.findall(r'api\.(\w+)\.pages\(\s*"(\w+)"', source):
        found.add((service, operation))
    return {
        f"{service}:{''.join(part.title() for part in name.split('_'))}"
        for service, name in found
        if name.startswith(READS)
    }


def read_actions() -> set[str]:
    sources = [path.read_text(encoding="utf-8") for path in ROOT.glob("plugins/module_utils/**/*.py")]
    used = {operation for source in sources for operation in operations(source)} - OF_OTHER_ROLES
    return {ACTIONS.get(operation, operation) for operation in used}


def test_the_plan_role_may_read_what_the_modules_read() -> None:
    policy = permissions("plan")
    used = read_actions()
    assert {"ec2:DescribeVpcs", "eks:DescribeCluster", "iam:GetRole", "kms:DescribeKey"} <= used, "they were not found"
    anything = "arn:aws:ssm:eu-west-1::parameter/aws/service/eks/x"
    assert [action for action in sorted(used) if not allowed(policy, action, anything)] == []


def test_the_plan_role_may_read_no_more_than_settings() -> None:
    policy = permissions("plan")
    for action in (
        "s3:GetObject",
        "logs:GetLogEvents",
        "logs:FilterLogEvents",
        "secretsmanager:GetSecretValue",
        "ec2:GetPasswordData",
        "ec2:GetConsoleOutput",
        "eks:AccessKubernetesApi",
        "kms:Decrypt",
        "sts:AssumeRole",
        "iam:PassRole",
    ):
        assert not allowed(policy, action, f"arn:aws:x:eu-west-1:{ACCOUNT.id}:x")
    assert not allowed(policy, "ssm:GetParameter", f"arn:aws:ssm:eu-west-1:{ACCOUNT.id}:parameter/password")


def test_every_single_action_of_the_plan_role_is_used() -> None:
    used = {action.lower() for action in read_actions()}
    assert [action for action in PLAN_ACTIONS if "*" not in action and action.lower() not in used] == []


def test_references_are_the_provider_and_the_key_alone() -> None:
    attributes = role(kms_key="buckets")
    assert set(references(attributes)) == {PROVIDER, Ref("kms_key", "demo-buckets")}
