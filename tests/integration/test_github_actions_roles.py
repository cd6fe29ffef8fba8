"""A life of the module github_actions_roles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._boxes.github_actions_roles.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner

from .conftest import ACCOUNT, REGION, Emulator
from .life import Life

ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
SIGNING = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/22222222-2222-3333-4444-555555555555"
WRITES = {
    **{
        operation: {"iam_role"}
        for operation in (
            "CreateRole",
            "DeleteRole",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DetachRolePolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
        )
    },
    **{
        operation: {"oidc_provider"}
        for operation in (
            "AddClientIDToOpenIDConnectProvider",
            "CreateOpenIDConnectProvider",
            "DeleteOpenIDConnectProvider",
            "RemoveClientIDFromOpenIDConnectProvider",
            "TagOpenIDConnectProvider",
            "UntagOpenIDConnectProvider",
        )
    },
}
SHOP = {"repository": "octo-org/shop", "owner_id": 123, "repository_id": 456}
BLOG = {"repository": "octo-org/blog", "owner_id": 123, "repository_id": 789}
BUILD = {"name": "build", "permissions": ["artifacts"], "refs": ["refs/heads/main"]}
IMAGE = {"name": "image", "permissions": ["images"], "refs": ["refs/heads/main"]}
MADE = [f"create oidc_provider {ISSUER}", "create iam_role demo-github-shop-build"]


@pytest.fixture
def life(emulator: Emulator) -> Life:
    return Life(emulator, BOX, WRITES, kms_key=KEY, roles=[BUILD], **SHOP)


@pytest.fixture
def iam(emulator: Emulator) -> Any:
    return emulator.client("iam")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"repository": None}, "repository is not set; owner and name with a slash between are required ('octo-org/s"),
        ({"repository": "octo-org/*"}, "repository is 'octo-org/*'; owner and name with a slash between are allowed"),
        ({"repository": "shop"}, "repository is 'shop'; owner and name with a slash between are allowed"),
        ({"owner_id": None}, "owner_id is not set; the identifier that module github_repository returns is required"),
        ({"repository_id": None}, "repository_id is not set; the identifier that module github_repository returns is"),
        ({"owner_id": 0}, "owner_id is 0; a positive number is allowed."),
        ({"application": "My_Shop"}, "application is 'My_Shop'; 1 to 40 lower-case letters, digits and single hyphens"),
        ({"application": "*"}, "application is '*'; 1 to 40 lower-case letters, digits and single hyphens are allowed"),
        ({"application_bucket": "Bucket/*"}, "application_bucket is 'Bucket/*'; the name of a bucket is allowed."),
        ({"kms_key": "alias:x"}, "kms_key is 'alias:x'; the use of a key of kms_keys or the ARN of a key is allowed."),
        ({"image_repositories": ["shop", "*"]}, "image_repositories[1] is '*'; the name of a repository of ECR is al"),
        ({"signing_key_arn": "alias/x"}, "signing_key_arn is 'alias/x'; the ARN of a key is allowed (arn:aws:kms:"),
        ({"roles": [{**BUILD, "name": "Build"}]}, "roles[0].name is 'Build'; lower-case letters, digits and single h"),
        ({"roles": [{**BUILD, "name": "b" * 60}]}, f"roles[0].name is '{'b' * 60}'; lower-case letters, digits and"),
        ({"roles": [BUILD, BUILD]}, "roles[1].name is 'build'; each name is allowed once."),
        ({"roles": [{**BUILD, "permissions": []}]}, "roles[0].permissions is []; at least one is required, allowed ar"),
        ({"roles": [{**BUILD, "permissions": ["admin"]}]}, "roles[0].permissions[0] is 'admin'; allowed are artifact"),
        ({"roles": [{**BUILD, "refs": []}]}, "roles[0].refs is []; a branch or tag is required (refs/heads/main), or"),
        ({"roles": [{**BUILD, "refs": ["main"]}]}, "roles[0].refs[0] is 'main'; a branch or tag is allowed, 'refs/he"),
        ({"roles": [{**BUILD, "refs": ["refs/heads/*"]}]}, "roles[0].refs[0] is 'refs/heads/*'; a branch or tag is a"),
        ({"roles": [{**BUILD, "refs": ["refs/heads/${x}"]}]}, "roles[0].refs[0] is 'refs/heads/${x}'; a branch or t"),
        (
            {"roles": [{**BUILD, "pull_requests": True}]},
            "roles[0].pull_requests is True; what a pull request runs is not reviewed yet, so only a role with the ",
        ),
        ({"roles": [{**BUILD, "environment": "*"}]}, "roles[0].environment is '*'; letters, digits, spaces and ._/- "),
        (
            {"roles": [{**BUILD, "job_workflow_refs": ["octo-org/*"]}]},
            "roles[0].job_workflow_refs[0] is 'octo-org/*'; a workflow is allowed, 'octo-org/shop/.github/",
        ),
        (
            {"roles": [{**BUILD, "max_session_duration": 60}]},
            "roles[0].max_session_duration is 60; 3600 to 43200 seconds are allowed.",
        ),
    ],
)
def test_bad_input_is_refused_before_the_first_write(life: Life, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        life.run(check_mode=False, **options)
    assert str(refused.value).startswith(sentence)
    assert life.emulator.writes() == []


def test_life(life: Life, iam: Any) -> None:
    assert life.turn() == MADE
    role = iam.get_role(RoleName="demo-github-shop-build")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Federated": [PROVIDER]}
    assert life.turn(roles=[BUILD, IMAGE]) == ["create iam_role demo-github-shop-image"]
    assert life.turn(roles=[BUILD, IMAGE], signing_key_arn=SIGNING) == [
        "update iam_role demo-github-shop-image policies.images.Statement"
    ]
    assert life.turn(roles=[{**BUILD, "environment": "production"}]) == [
        "update iam_role demo-github-shop-build trust_policy.Statement",
        "delete iam_role demo-github-shop-image",
    ]
    assert life.turn(subject_format="legacy") == ["update iam_role demo-github-shop-build trust_policy.Statement"]
    assert life.turn(state="absent") == [
        "delete iam_role demo-github-shop-build",
        f"delete oidc_provider {ISSUER}",
    ]
    assert life.turn(state="absent") == []


def trusting(arn: str) -> str:
    """A trust policy of somebody who is none of ours."""
    statement = {"Effect": "Allow", "Principal": {"Federated": arn}, "Action": "sts:AssumeRoleWithWebIdentity"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def providers(iam: Any) -> list[str]:
    return [entry["Arn"] for entry in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]


def test_changes_by_hand_are_undone(life: Life, iam: Any) -> None:
    life.turn()
    iam.update_assume_role_policy(RoleName="demo-github-shop-build", PolicyDocument=trusting(PROVIDER))
    iam.attach_role_policy(RoleName="demo-github-shop-build", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER, ClientID="sts.amazonaws.com")
    life.table = {**life.table, "DetachRolePolicy": {"iam_role"}}
    assert life.turn() == [
        f"update oidc_provider {ISSUER} client_ids",
        "update iam_role demo-github-shop-build managed_policies,trust_policy.Statement",
    ]


def test_the_provider_of_others_is_used_and_left_alone(life: Life, iam: Any) -> None:
    iam.create_open_id_connect_provider(
        Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com", "other"], Tags=[{"Key": "By", "Value": "hand"}]
    )
    assert life.turn() == MADE[1:]
    assert life.turn(state="absent") == ["delete iam_role demo-github-shop-build"]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)
    assert sorted(provider["ClientIDList"]) == ["other", "sts.amazonaws.com"]
    assert provider["Tags"] == [{"Key": "By", "Value": "hand"}]


def test_the_provider_of_another_platform_is_used_and_left_alone(life: Life, iam: Any) -> None:
    other = {"platform_name": "other"}
    life.turn(**other)
    assert life.turn() == MADE[1:]
    assert life.turn(state="absent") == ["delete iam_role demo-github-shop-build"]
    assert providers(iam) == [PROVIDER]


def test_a_provider_that_others_trust_stays(life: Life, iam: Any) -> None:
    life.turn()
    iam.create_role(RoleName="elsewhere", Path="/other/", AssumeRolePolicyDocument=trusting(PROVIDER))
    assert life.turn(state="absent") == ["delete iam_role demo-github-shop-build"]
    assert providers(iam) == [PROVIDER]
    iam.delete_role(RoleName="elsewhere")
    assert life.turn(state="absent") == [f"delete oidc_provider {ISSUER}"]


def test_a_provider_without_the_audience_is_refused_or_adopted(life: Life, iam: Any) -> None:
    iam.create_open_id_connect_provider(
        Url=f"https://{ISSUER}", ClientIDList=["other"], Tags=[{"Key": "By", "Value": "hand"}]
    )
    with pytest.raises(Impossible) as refused:
        life.run(check_mode=False)
    assert str(refused.value) == (
        f"The OIDC provider {ISSUER} of account {ACCOUNT} has no audience sts.amazonaws.com and belongs to somebody "
        "else; add it there (aws iam add-client-id-to-open-id-connect-provider), or set adopt to true."
    )
    assert [call["operation"] for call in life.emulator.writes()] == ["CreateOpenIDConnectProvider"]
    assert life.turn(adopt=True) == [
        f"update oidc_provider {ISSUER} client_ids,tags.By,tags.Name,tags.slipway:platform",
        "create iam_role demo-github-shop-build",
    ]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)
    assert sorted(provider["ClientIDList"]) == ["other", "sts.amazonaws.com"]


def test_another_platform_that_is_faster_is_no_error(life: Life, iam: Any) -> None:
    def faster() -> None:
        tags = [{"Key": "slipway:platform", "Value": "other"}]
        iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"], Tags=tags)

    api = Api({"region": REGION, "endpoint": life.emulator.url}, say=lambda text: None)
    real = api.iam.create_open_id_connect_provider

    def overtaken(**parameters: Any) -> Any:
        faster()
        return real(**parameters)

    api.iam.create_open_id_connect_provider = overtaken
    Runner(BOX, life.common, api, check_mode=False).run()
    assert life.turn() == []


def test_repositories_of_a_platform_do_not_touch_each_other(life: Life, iam: Any) -> None:
    life.turn()
    assert life.turn(**BLOG) == ["create iam_role demo-github-blog-build"]
    assert life.turn(**BLOG, roles=[]) == ["delete iam_role demo-github-blog-build"]
    life.turn(**BLOG)
    assert life.turn(state="absent") == ["delete iam_role demo-github-shop-build"]
    life.turn()
    assert life.turn(**dict.fromkeys(SHOP), state="absent") == [
        "delete iam_role demo-github-blog-build",
        "delete iam_role demo-github-shop-build",
        f"delete oidc_provider {ISSUER}",
    ]


def test_the_key_of_the_platforms_buckets_has_to_stand(life: Life) -> None:
    with pytest.raises(Impossible, match=r"kms key 'demo-buckets' does not exist and no earlier task of this run"):
        life.run(check_mode=True, kms_key="buckets")
    kms = life.emulator.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/demo-buckets", TargetKeyId=key)
    life.turn(kms_key="buckets")
    policy = life.emulator.client("iam").get_role_policy(RoleName="demo-github-shop-build", PolicyName="artifacts")
    assert [entry["Resource"] for entry in policy["PolicyDocument"]["Statement"] if entry["Sid"] == "Key"] == [[key]]


def test_the_calls_of_an_unchanged_run(life: Life) -> None:
    life.turn(roles=[BUILD, IMAGE])
    life.emulator.forget()
    life.run(check_mode=False, roles=[BUILD, IMAGE])
    assert sorted(call["operation"] for call in life.emulator.calls()) == [
        "GetCallerIdentity",
        "GetOpenIDConnectProvider",
        *["GetRole"] * 2,
        *["GetRolePolicy"] * 2,
        *["ListAttachedRolePolicies"] * 2,
        *["ListRolePolicies"] * 2,
        "ListRoles",
    ]


def test_the_answer_names_arns_before_they_exist(life: Life) -> None:
    outcome = life.run(check_mode=True, path="/slipway/")
    assert outcome.answer == {"roles": {"build": f"arn:aws:iam::{ACCOUNT}:role/slipway/demo-github-shop-build"}}
