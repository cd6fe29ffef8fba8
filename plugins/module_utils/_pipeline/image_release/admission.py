# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy for Kyverno that admits an application's images only by digest, and only if they were released. Pure.

Source: "ImageValidatingPolicy", kyverno.io/docs, for Kyverno 1.19.
"""

from __future__ import annotations

from ..._core.plan import Value
from .options import Spec
from .signing import TYPES

_CONTAINERS = "[images.containers, images.initContainers, images.ephemeralContainers]"


def admission_policy(spec: Spec, public_key: str) -> dict[str, Value]:
    """One object, ready for the API server.

    As cosign does, Kyverno takes an attestation for a signature. So the provenance is asked for as well: an image that
    carries both was released.
    """
    cosign: dict[str, Value] = {"key": {"data": public_key}}
    if spec.signing.config is None:
        cosign["ctlog"] = {"insecureIgnoreTlog": True}
    signed = "verifyImageSignatures(image, [attestors.release]) > 0"
    attested = "verifyAttestationSignatures(image, attestations.provenance, [attestors.release]) > 0"
    policy: dict[str, Value] = {
        "validationActions": ["Deny"],
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}
            ]
        },
        "matchImageReferences": [
            {"glob": f"{registry.location}{end}"} for registry in spec.registries for end in ("@*", ":*")
        ],
        "validationConfigurations": {"required": True, "verifyDigest": True, "mutateDigest": False},
        "attestors": [{"name": "release", "cosign": cosign}],
        "attestations": [{"name": "provenance", "intoto": {"type": TYPES["provenance"][1]}}],
        "validations": [
            {
                "expression": f"{_CONTAINERS}.all(list, list.all(image, {condition}))",
                "message": f"An image of {spec.application} has no {what} of its release.",
            }
            for condition, what in ((signed, "signature"), (attested, "provenance"))
        ],
    }
    if not all(registry.tls_verify for registry in spec.registries):
        policy["credentials"] = {"allowInsecureRegistry": True}
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ImageValidatingPolicy",
        "metadata": {"name": f"{spec.application}-releases"},
        "spec": policy,
    }
