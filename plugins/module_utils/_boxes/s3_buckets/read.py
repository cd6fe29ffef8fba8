# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of a platform's S3 buckets."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..._aws.client import Api
from ..._aws.s3.buckets import SETTINGS, bucket_tags, head_bucket, holds_objects, list_buckets
from ..._aws.tags import IDENTITY
from ..._core.known import Known
from ..._core.plan import Found, Impossible, Ref
from .model import S3Buckets


def read(api: Api, spec: S3Buckets, known: Known) -> dict[Ref, Found]:
    """All buckets of the platform in the region: one call lists them, and a setting is a call.

    Of one that is to go only the tags are read, and whether it holds objects (see `plan.guard`). Impossible for a
    declared name that belongs to another account.
    """
    listed = list_buckets(api, spec.prefix)
    declared = [] if spec.absent else [bucket.name for bucket in spec.buckets]
    standing = [name for name in declared if name in listed or _is_own(api, name, spec)]
    going = [name for name in listed if name not in declared]
    reads: list[Any] = [partial(bucket_tags, api, name) for name in (*standing, *going)]
    reads += [partial(look, api, name) for name in standing for look in SETTINGS.values()]
    answers = api.together(reads)
    tags = dict(zip((*standing, *going), answers, strict=False))
    values = iter(answers[len(tags) :])
    observed: dict[Ref, Found] = {}
    for name in standing:
        attributes = {key: next(values) for key in SETTINGS}
        observed[Ref("s3_bucket", name)] = Found(name, attributes, tags[name])
    ours = [name for name in going if (tags[name] or {}).get(IDENTITY) == spec.platform]
    kept = [name for name in ours if name.removeprefix(spec.prefix) not in spec.delete_objects]
    held = dict(zip(kept, api.together([partial(holds_objects, api, name) for name in kept]), strict=True))
    return observed | {
        Ref("s3_bucket", name): Found(name, {"holds_objects": held.get(name, False)}, tags[name]) for name in ours
    }


def _is_own(api: Api, name: str, spec: S3Buckets) -> bool:
    """Whether a bucket that was not listed stands all the same; names are unique in the world: it may be another's."""
    state = head_bucket(api, name, spec.account.id)
    if state not in ("own", "missing"):
        raise Impossible(
            f"s3 bucket '{name}' belongs to another account or another region (HeadBucket answers {state}); "
            f"choose another name than '{spec.platform}' for the platform."
        )
    return state == "own"
