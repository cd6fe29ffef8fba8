"""Assumes the role by web identity, as the action does with the token that GitHub gives it."""

from __future__ import annotations

import os

import boto3
from botocore import UNSIGNED
from botocore.config import Config

if os.environ["OUTPUT_CREDENTIALS"] != "true" or os.environ["OUTPUT_ENV_CREDENTIALS"] != "false":
    raise SystemExit("credentials would be put into the environment of every later step")
client = boto3.client("sts", region_name=os.environ["REGION"], config=Config(signature_version=UNSIGNED))
answer = client.assume_role_with_web_identity(
    RoleArn=os.environ["ROLE"], RoleSessionName=os.environ["SESSION"], WebIdentityToken="e30.e30.e30"
)
credentials = answer["Credentials"]
with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as output:
    for name, key in (
        ("aws-access-key-id", "AccessKeyId"),
        ("aws-secret-access-key", "SecretAccessKey"),
        ("aws-session-token", "SessionToken"),
    ):
        print(f"::add-mask::{credentials[key]}")
        output.write(f"{name}={credentials[key]}\n")
with open(os.environ["STAND_IN_LOG"], "a", encoding="utf-8") as log:
    log.write(f"{os.environ['ROLE']} in {os.environ['REGION']}\n")
