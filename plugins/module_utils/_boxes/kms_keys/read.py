# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands of the KMS keys of a platform."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..._aws.client import Api
from ..._aws.kms.keys import found_key, tagged_keys
from ..._aws.tags import IDENTITY
from ..._core.known import Known
from ..._core.plan import Found, Ref
from .model import KmsKeys
from .users import users_of


def read(api: Api, spec: KmsKeys, known: Known) -> dict[Ref, Found]:
    """Keys by their aliases; a declared key whose alias is missing is looked for by its tags (an interrupted run).

    Of keys that are to be deleted also what stands and is encrypted with them, as `users` (see `plan.guard`).
    """
    names = [key.name for key in spec.keys]
    answers = api.together([partial(found_key, api, f"alias/{name}", f"alias/{name}") for name in names])
    found = {name: key for name, key in zip(names, answers, strict=True) if key is not None}
    orphans = tagged_keys(api, spec.platform) if len(found) < len(names) else []
    for name, arn in orphans:
        if name in names and name not in found:
            lost = found_key(api, arn, None)
            found |= {} if lost is None else {name: lost}
    if spec.absent:
        ours = {name: key for name, key in found.items() if (key.tags or {}).get(IDENTITY) == spec.platform}
        for name, users in users_of(api, spec, known, ours).items():
            found[name] = replace(found[name], attributes={**found[name].attributes, "users": users})
    return {Ref("kms_key", name): key for name, key in found.items()}
