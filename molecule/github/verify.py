"""Looks at what stands, with boto3 and plain HTTP: verify.py PLATFORM."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import boto3
import urllib3


def github(path: str) -> Any:
    url = (Path(os.environ["SLIPWAY_SANDBOX"]) / "github").read_text()
    return urllib3.request("GET", f"{url}/{path}", headers={"Authorization": "Bearer ghp_good"}).json()


def main(platform: str) -> None:
    (ruleset,) = github("repos/octo-org/shop/rulesets")
    rules = {rule["type"] for rule in github(f"repos/octo-org/shop/rulesets/{ruleset['id']}")["rules"]}
    assert {"pull_request", "required_signatures", "required_linear_history", "non_fast_forward", "deletion"} <= rules

    iam = boto3.client("iam")
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert provider["Arn"].endswith(":oidc-provider/token.actions.githubusercontent.com")
    names = {role["RoleName"] for role in iam.list_roles()["Roles"]}
    assert {f"{platform}-github-shop-{name}" for name in ("build", "image", "plan")} <= names
    trust = iam.get_role(RoleName=f"{platform}-github-shop-build")["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    assert statement["Principal"]["Federated"] in (provider["Arn"], [provider["Arn"]]), statement["Principal"]
    conditions = statement["Condition"]["StringEquals"]
    assert conditions["token.actions.githubusercontent.com:sub"] == ["repo:octo-org@123/shop@456:ref:refs/heads/main"]


main(sys.argv[1])
