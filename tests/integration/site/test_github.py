"""The play github.yml, as its users run it: a fake GitHub and the emulated AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.github.life import REPOSITORY
from tests.github.server import Github, serving
from tests.integration.conftest import ACCOUNT, Emulator

from .plays import Run, play


@pytest.fixture
def github() -> Iterator[Github]:
    with serving(Github()) as fake:
        yield fake
    assert fake.violations == []


@pytest.fixture
def aws(emulator: Emulator) -> Emulator:
    kms = emulator.client("kms")
    kms.create_alias(AliasName="alias/demo-buckets", TargetKeyId=kms.create_key()["KeyMetadata"]["Arn"])
    emulator.forget()
    return emulator


def github_play(
    aws: Emulator, github: Github, *arguments: str, token: str | None = "ghp_good", **variables: Any
) -> Run:
    given = {"github_repository": REPOSITORY, "github_api_url": github.url, **variables}
    return play(aws, "github.yml", *arguments, variables=given, changed={"GITHUB_TOKEN": token})


ROLES = [f"demo-github-shop-{name}" for name in ("build", "image", "plan", "scan")]


def test_github_play(aws: Emulator, github: Github) -> None:
    planned = github_play(aws, github, "--check", "--diff").assert_good()
    assert (github.writes, aws.writes()) == ([], [])
    made = github_play(aws, github, "--diff").assert_good()
    assert json.dumps(planned.changes()) == json.dumps(made.changes())
    assert [change["name"] for change in made.changes() if change["kind"] == "iam_role"] == ROLES
    assert [change["name"] for change in made.changes() if change["kind"] == "ruleset"] == ["default branch"]
    trust = aws.client("iam").get_role(RoleName=ROLES[0])["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    subject = trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert subject == ["repo:octo-org@123/shop@456:ref:refs/heads/main"]
    said = [result["msg"] for name, _, result in made.tasks if name.endswith("Roles for the workflows")]
    assert said == [{role.rpartition("-")[2]: f"arn:aws:iam::{ACCOUNT}:role/{role}" for role in ROLES}]
    github.forget()
    aws.forget()
    again = github_play(aws, github).assert_good()
    assert again.changed() == 0
    assert (github.writes, aws.writes()) == ([], [])
    gone = play(aws, "destroy.yml", "-e", "destroy_confirm=demo", changed={"GITHUB_TOKEN": None}).assert_good()
    assert {change["action"] for change in gone.changes()} == {"delete"}
    assert aws.client("iam").list_roles()["Roles"] == []
    assert github.writes == []
    for run in (planned, made, again, gone):
        assert "ghp_good" not in run.output + run.errors


def test_platforms_of_one_account_share_the_repository_and_the_provider(emulator: Emulator, github: Github) -> None:
    """The example, three platforms at once."""
    platforms = {
        "staging-ireland": "eu-west-1",
        "production-ireland": "eu-west-1",
        "production-frankfurt": "eu-central-1",
    }
    for platform, region in platforms.items():
        kms = emulator.client("kms", region)
        kms.create_alias(AliasName=f"alias/{platform}-buckets", TargetKeyId=kms.create_key()["KeyMetadata"]["Arn"])
    variables = {"github_api_url": github.url, "platform_profile": None, "platform_account_id": ACCOUNT}

    def run() -> Run:
        token = {"GITHUB_TOKEN": "ghp_good"}
        example = "inventories/example"
        return play(emulator, "github.yml", variables=variables, inventory=example, changed=token).assert_good()

    made = run()
    assert len(github.state.repository.rulesets) == 2
    assert sorted(github.state.repository.environments) == ["production", "staging"]
    iam = emulator.client("iam")
    assert len(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1
    assert len(iam.list_roles()["Roles"]) == 12
    conditions = iam.get_role(RoleName="production-ireland-github-shop-image")["Role"]["AssumeRolePolicyDocument"]
    subjects = conditions["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert subjects == ["repo:octo-org@123/shop@456:environment:production"]
    assert sum(made.changed(platform) for platform in platforms) >= 4
    again = run()
    assert [again.changed(platform) for platform in platforms] == [0, 0, 0]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"github_repository": None}, "github_repository is not set; a value is required."),
        (
            {"github_roles": [{"name": "build", "permissions": ["artifact"], "refs": ["refs/heads/main"]}]},
            "github_roles[0].permissions[0] is 'artifact'; allowed are artifacts, images, plan, scan.",
        ),
        (
            {"github_settings": {"allow_squash_merge": False}},
            "github_settings.allow_squash_merge is False; one of the three ways to merge must be allowed.",
        ),
        (
            {"github_ruleset": []},
            "github_ruleset is []; it is unknown, perhaps github_rulesets is meant.",
        ),
    ],
)
def test_a_wrong_variable_stops_the_play_before_the_first_call(
    aws: Emulator, github: Github, variables: dict[str, Any], sentence: str
) -> None:
    run = github_play(aws, github, **variables)
    assert run.sentences == [sentence]
    assert (github.calls, aws.writes()) == ([], [])


def test_without_a_token_the_play_says_what_to_do(aws: Emulator, github: Github) -> None:
    run = github_play(aws, github, token=None)
    assert run.sentences == [
        "token is not set; set it, or GITHUB_TOKEN in the environment, to a token that administers the repository."
    ]
    assert (github.calls, aws.writes()) == ([], [])


def test_a_token_as_a_variable_is_shown_nowhere(aws: Emulator, github: Github) -> None:
    github.state.tokens = {"ghp_variable": github.state.tokens["ghp_good"]}
    good = github_play(aws, github, "-vvv", token="ghp_good", github_token="ghp_variable").assert_good()
    bad = github_play(aws, github, "-vvv", github_token="ghp_other")
    assert "failed at GET /repos/octo-org/shop: 401: Bad credentials." in bad.sentences[0]
    for run in (good, bad):
        assert "ghp_" not in run.output + run.errors
