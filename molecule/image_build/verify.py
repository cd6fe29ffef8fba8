"""Looks at the release with boto3, skopeo and cosign: verify.py PLATFORM."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import boto3

s3 = boto3.client("s3")


def run(*command: str) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return json.loads(done.stdout)


def main(platform: str) -> None:
    account = boto3.client("sts").get_caller_identity()["Account"]
    bucket = f"{platform}-{account}-{s3.meta.region_name}-application"
    manifest = json.loads(s3.get_object(Bucket=bucket, Key="applications/app/0.1.0/release.json")["Body"].read())
    registry = f"{os.environ['SLIPWAY_REGISTRY']}/{platform}/app"
    standing = run("skopeo", "inspect", "--tls-verify=false", f"docker://{registry}:0.1.0")
    assert standing["Digest"] == manifest["digest"], "the tag names the digest of the manifest"
    assert standing["Labels"]["org.opencontainers.image.revision"] == manifest["commit"]
    config = run("skopeo", "inspect", "--tls-verify=false", "--config", f"docker://{registry}:0.1.0")
    assert config["config"]["User"].split(":")[0].isdigit(), "a numeric user"
    assert config["config"]["User"].split(":")[0] != "0", "not root"
    (repository,) = boto3.client("ecr").describe_repositories()["repositories"]
    assert repository["repositoryName"] == f"{platform}/app"
    assert repository["imageTagMutability"].startswith("IMMUTABLE"), "tags of releases do not move"
    key = f"{os.environ['SLIPWAY_SANDBOX']}/images/cosign.pub"
    signed = run("cosign", "verify", "--key", key, "--insecure-ignore-tlog", f"{registry}@{manifest['digest']}")
    assert manifest["digest"] in {entry["critical"]["image"]["docker-manifest-digest"] for entry in signed}


main(sys.argv[1])
