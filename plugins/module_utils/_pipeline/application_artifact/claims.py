# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions of an application are claimed, and by which commits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._aws.client import Api, ClientError, code_of
from ..._aws.s3.objects import Objects
from ..._core.plan import Refusal, Value
from .. import application_bucket
from ..semver_tag.versions import version as semantic
from .model import application_name, claim_key, claimed_commit

OPTIONS: dict[str, dict[str, Any]] = {
    **application_bucket.OPTIONS,
    "application": {"type": "str", "required": True},
    "after": {"type": "str"},
    "except_commit": {"type": "str"},
}


def read(values: Mapping[str, Value], api: Api) -> list[dict[str, str]]:
    """Version and commit of each claim after a version, in the order of their keys; none where there is no bucket.

    Claims of `except_commit` are left out: what a commit has claimed itself is free for it.
    """
    application = application_name("application", values["application"])
    after = None
    if values["after"] is not None and (after := semantic(values["after"])) is None:
        raise Refusal("after", values["after"], "a semantic version is allowed")
    objects = Objects(api, values["bucket"])
    try:
        keys = objects.keys(f"applications/{application}/")
    except ClientError as error:
        if code_of(error) == "NoSuchBucket":
            return []
        raise
    claims = []
    for key in keys:
        text = key.split("/")[2]
        found = semantic(text)
        if key == claim_key(application, text) and found is not None and (after is None or found.compare(after) > 0):
            body = objects.get(key)
            if body is not None and (commit := claimed_commit(key, body)) != values.get("except_commit"):
                claims.append({"version": text, "commit": commit})
    return claims
