# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the image came to be, as SLSA provenance v1. Pure; the same release gives the same bytes.

Source: "SLSA Provenance v1", slsa.dev/spec/v1.0/provenance.
"""

from __future__ import annotations

import json

from ..._core.plan import Value
from .options import Spec

BUILD_TYPE = "urn:slipway.platform:image_build:v1"


def provenance(spec: Spec, created: str) -> bytes:
    """The predicate: what was asked for, what it was made of (commit, artifacts, base), and who made it."""
    source = spec.source or f"urn:git:{spec.application}"
    materials: list[dict[str, Value]] = [{"uri": f"git+{source}@{spec.commit}", "digest": {"gitCommit": spec.commit}}]
    materials += [
        {"uri": f"s3://{spec.bucket}/{artifact.key}", "digest": {"sha256": artifact.sha256}}
        for artifact in spec.artifacts
    ]
    if spec.base is not None:
        digest = str(spec.base["digest"])
        materials.append({"uri": f"oci:{spec.base['image']}", "digest": {"sha256": digest.removeprefix("sha256:")}})
    parameters = {"application": spec.application, "version": spec.version, "commit": spec.commit, "source": source}
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": parameters,
            "resolvedDependencies": materials,
        },
        "runDetails": {"builder": {"id": spec.builder}, "metadata": {"finishedOn": created}},
    }
    return json.dumps(predicate, sort_keys=True).encode()
