#!/usr/bin/env python3
"""Copies the images of the newest releases out of $REGISTRY, each into an OCI layout below $DIRECTORY.

Which they are is written to $DIRECTORY/released.json, a list of {version, architecture, digest, layout}. $REGISTRY is
an entry of the role's image_build_registries in JSON. Runs in the virtual environment of the collection.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
from semver import Version

RELEASE = re.compile(r"applications/[^/]+/(?P<version>[^/]+)/release(?:\+r(?P<refresh>\d+))?\.json")


def newest(keys: list[str], count: int) -> list[str]:
    """Keys of the newest manifests: the highest version first, and of one version what was built anew last."""
    found: dict[Version, tuple[int, str]] = {}
    for key in keys:
        if match := RELEASE.fullmatch(key):
            version = Version.parse(match["version"])
            found[version] = max(found.get(version, (-1, "")), (int(match["refresh"] or 0), key))
    return [found[version][1] for version in sorted(found, reverse=True)[:count]]


def authentication(registry: dict[str, Any]) -> dict[str, Any]:
    """Credentials in the form of Docker's configuration; none where nobody has any."""
    user, password = registry.get("username"), registry.get("password")
    if user and password:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
    elif registry.get("authentication_file"):
        return dict(json.loads(Path(registry["authentication_file"]).expanduser().read_text()))
    elif registry["kind"] == "ecr":
        client = boto3.client("ecr", region_name=registry["host"].split(".")[3])
        token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    else:
        return {"auths": {}}
    return {"auths": {registry.get("endpoint") or registry["host"]: {"auth": token}}}


def copy(registry: dict[str, Any], digest: str, layout: Path) -> None:
    secret = layout.parent / "authentication.json"
    secret.touch(mode=0o600)
    source = f"docker://{registry.get('endpoint') or registry['host']}/{registry['repository']}@{digest}"
    secure = f"--src-tls-verify={str(registry.get('tls_verify', True)).lower()}"
    command = ["skopeo", "copy", "--quiet", "--preserve-digests", secure, "--authfile", str(secret)]
    try:
        secret.write_text(json.dumps(authentication(registry)))
        subprocess.run([*command, source, f"oci:{layout}"], check=True)
    finally:
        secret.unlink()


def main() -> int:
    directory = Path(os.environ["DIRECTORY"])
    directory.mkdir(parents=True, exist_ok=True)
    registry = json.loads(os.environ["REGISTRY"])
    s3, bucket = boto3.client("s3"), os.environ["BUCKET"]
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=f"applications/{os.environ['APPLICATION']}/"
    )
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    found = newest(keys, int(os.environ["COUNT"]))
    if not found:
        raise SystemExit(f"The bucket '{bucket}' holds no release of '{os.environ['APPLICATION']}'.")
    released = []
    for key in found:
        manifest = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        for image in manifest["images"]:
            entry = {"version": manifest["version"], "architecture": image["architecture"], "digest": image["digest"]}
            layout = directory / f"{entry['version']}-{entry['architecture']}"
            copy(registry, entry["digest"], layout)
            released.append({**entry, "layout": str(layout)})
    (directory / "released.json").write_text(json.dumps(released))
    return 0


if __name__ == "__main__":
    sys.exit(main())
