# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy for Kyverno that admits an application's images only by digest, and only if they were released. Pure.

Source: "ImageValidatingPolicy", kyverno.io/docs, for Kyverno 1.19.
"""

from __future__ import annotations

import re

from ..._core.plan import Value
from .options import Spec
from .signing import TYPES

_CONTAINERS = "[images.containers, images.initContainers, images.ephemeralContainers]"
_RESOURCES = ("pods", "pods/ephemeralcontainers")
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
_ECR = re.compile(r"([0-9]{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\..*)")


def spellings(host: str, repository: str) -> str:
    """A pattern (RE2) of everything that Kubernetes takes for an image of the repository: with tag, digest, both, none.

    Hosts are equal in any case and with the port that they have by default. Docker Hub may be left out, and so may its
    `library/` (distribution/reference). ECR answers under four names (AWS, "Amazon ECR endpoints and quotas").
    """
    name, _colon, port = host.lower().partition(":")
    path, ecr = re.escape(repository), _ECR.fullmatch(name)
    if name in _DOCKER_HUB:
        path = re.sub("^library/", "(library/)?", path)
        names = "|".join(re.escape(known) for known in _DOCKER_HUB)
    elif ecr is not None:
        account, region = ecr[1], re.escape(ecr[2])
        old, new = r"\.dkr\.ecr(-fips)?", r"\.dkr-ecr(-fips)?"
        suffixes = r"amazonaws\.com(\.cn)?", r"on\.(aws|amazonwebservices\.com\.cn)"
        names = f"{account}({old}\\.{region}\\.{suffixes[0]}|{new}\\.{region}\\.{suffixes[1]})"
    else:
        names = re.escape(name)
    ports = f":0*{port}" if port not in ("", "80", "443") else "(:0*(80|443))?"
    prefix = f"(?i:{names}){ports}/"
    return f"^{f'({prefix})?' if name in _DOCKER_HUB else prefix}{path}([:@].*)?$"


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
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": [*_RESOURCES],
                }
            ]
        },
        "matchImageReferences": [
            {"expression": f"ref.matches(r'{spellings(host, registry.repository)}')"}
            for registry in spec.registries
            for host in dict.fromkeys((registry.host, registry.endpoint))
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
