#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_release
short_description: Releases a scanned image, by digest, to registries
version_added: 0.1.0
description:
  - Pushes the very bytes that were scanned to every registry, signs and attests them, and writes the release manifest
    into the bucket, last and in one piece.
  - Before the first push, every blob is hashed, every image must have a verdict of M(slipway.platform.trivy_gate) that
    it has passed, and every registry must answer, let the caller push, and hold the tag not at all or with the same
    digest.
  - If something fails, no manifest is written, and the next run makes only what is missing. A release is never changed.
  - What is pushed is copied back and compared. Signatures and attestations are looked for before they are made, and
    verified afterwards.
  - Several architectures stand under one image index.
author:
  - Contributors to slipway.platform (@slipway-platform)
requirements:
  - skopeo >= 1.9
  - cosign >= 3.0
  - trivy >= 0.70
  - semver >= 3.0 (Python)
options:
  state:
    description:
      - V(released) releases.
      - V(scanned) only records what O(verdicts) say of images that are released already, whatever they say.
    type: str
    choices: [released, scanned]
    default: released
  application:
    description:
      - Name of the application.
    type: str
    required: true
  version:
    description:
      - Its version, semantic. With C(+r<N>) behind it, the version is one that was built anew on a newer base, and its
        manifest is C(release+r<N>.json).
    type: str
    required: true
  tag:
    description:
      - Tag of the image. By default the version with C(_) for C(+).
    type: str
  commit:
    description:
      - Full hash of the commit, the one that has claimed the version. Required with O(state=released).
    type: str
  source:
    description:
      - URL of the repository, for the provenance.
    type: str
  created:
    description:
      - Time of the commit (RFC 3339), for bills of materials and provenance. By default the time in the image.
    type: str
  images:
    description:
      - The images, one for each architecture, as M(slipway.platform.image_build) returns them. Required with
        O(state=released).
    type: list
    elements: dict
    default: []
    suboptions:
      architecture:
        description:
          - Architecture.
        type: str
        choices: [amd64, arm64]
        required: true
      layout:
        description:
          - Folder of an OCI image layout with this image alone.
        type: path
        required: true
      digest:
        description:
          - Digest of the manifest, which is compared.
        type: str
      config_digest:
        description:
          - Digest of the configuration, which is compared.
        type: str
      diff_ids:
        description:
          - Digests of the layers, unpacked. They are compared with the layers whether given or not.
        type: list
        elements: str
      size:
        description:
          - Bytes. Not used.
        type: int
      base_digest:
        description:
          - Digest of the base image for this architecture.
        type: str
  artifacts:
    description:
      - The artifacts in the images, as M(slipway.platform.application_artifact) returns them, without their size.
        Required with O(state=released).
    type: list
    elements: dict
    default: []
    suboptions:
      architecture:
        description:
          - Architecture.
        type: str
        choices: [amd64, arm64]
        required: true
      key:
        description:
          - Key in the bucket.
        type: str
        required: true
      sha256:
        description:
          - Checksum, in hexadecimal digits.
        type: str
        required: true
  base:
    description:
      - The base image. Required with O(state=released).
    type: dict
    suboptions:
      image:
        description:
          - Its name as in C(FROM).
        type: str
        required: true
      digest:
        description:
          - Its digest as in C(FROM).
        type: str
        required: true
      release:
        description:
          - Release of Debian.
        type: str
  registries:
    description:
      - Where the image goes. Required with O(state=released).
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description:
          - Kind of the registry. V(oci) is any that follows the OCI distribution specification.
        type: str
        choices: [ecr, quay, docker_hub, oci]
        required: true
      host:
        description:
          - Its host, with the port if it has one. By default V(quay.io) and V(docker.io) for their kinds.
        type: str
      repository:
        description:
          - Path of the repository.
        type: str
        required: true
      endpoint:
        description:
          - Host under which it is spoken to, where that is another one. By default O(registries[].host).
        type: str
      tls_verify:
        description:
          - Whether its certificate is verified. With V(false), plain HTTP is tried too.
        type: bool
        default: true
      username:
        description:
          - User. A registry of kind V(ecr) without one is given AWS's token of the caller.
        type: str
      password:
        description:
          - Password or token of the user.
        type: str
      authentication_file:
        description:
          - File with credentials in Docker's form, instead of O(registries[].username).
        type: path
  verdicts:
    description:
      - Results of M(slipway.platform.trivy_gate), one for each image.
    type: list
    elements: dict
    default: []
  signing_key:
    description:
      - Path of a private key of cosign's, or V(awskms:///alias/<name>). cosign then takes AWS's credentials and region
        from the environment. Required with O(state=released).
    type: str
  signing_key_password:
    description:
      - Password of the private key.
    type: str
  signing_config:
    description:
      - Signing configuration of cosign's, which names a transparency log and time stamps. By default none is used.
    type: path
  trusted_root:
    description:
      - Trusted root by which entries of the transparency log are verified. Required with O(signing_config).
    type: path
  builder:
    description:
      - URI of what has built the image, for the provenance.
    type: str
    default: urn:slipway.platform:image_build
  cosign_path:
    description:
      - The program.
    type: path
    default: cosign
  skopeo_path:
    description:
      - The program.
    type: path
    default: skopeo
  trivy_path:
    description:
      - The program, which makes the bills of materials.
    type: path
    default: trivy
attributes:
  check_mode:
    description: Everything is looked at and the plan is returned, nothing is written. Whether the caller may push is
      not tried out.
    support: full
  idempotent:
    description: A second run finds everything standing and writes nothing.
    support: full
seealso:
  - module: slipway.platform.application_artifact
  - module: slipway.platform.ecr_repositories
  - name: SLSA provenance v1
    description: Form of the provenance.
    link: https://slsa.dev/spec/v1.0/provenance
extends_documentation_fragment:
  - slipway.platform._application_bucket
  - slipway.platform._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Release what was built and has passed
  slipway.platform.image_release:
    bucket: demo-123456789012-eu-west-1-application
    application: app
    version: "{{ image.version }}"
    commit: "{{ image.commit }}"
    source: https://github.com/example/app
    images: "{{ image.images }}"
    artifacts: "{{ image.artifacts }}"
    base: "{{ image.base }}"
    verdicts: "{{ scans.results }}"
    registries:
      - kind: ecr
        host: 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        repository: demo/app
      - kind: quay
        repository: example/app
        username: example+publisher
        password: "{{ quay_token }}"
    signing_key: awskms:///alias/demo-signing

- name: Record what a later scan found
  slipway.platform.image_release:
    state: scanned
    bucket: demo-123456789012-eu-west-1-application
    application: app
    version: 1.3.0
    verdicts: "{{ scans.results }}"
"""

RETURN = r"""
release:
  description: Key of the release manifest.
  returned: success
  type: str
  sample: applications/app/1.3.0/release.json
manifest:
  description: The release manifest, see C(docs/release_manifest.schema.json) in the collection.
  returned: success
  type: dict
digest:
  description: Digest that is deployed, of the index if there are several architectures.
  returned: success
  type: str
references:
  description: The image by its digest, one for each registry.
  returned: with O(state=released)
  type: list
  elements: str
public_key:
  description: Public key of the signature, PEM.
  returned: with O(state=released)
  type: str
admission_policy:
  description: An C(ImageValidatingPolicy) for Kyverno that admits images of these repositories only by digest, and only
    if they carry the signature and the provenance of a release.
  returned: with O(state=released)
  type: dict
commands:
  description:
    - Commands that show the image and verify its signature, two for each registry, ready to paste. Before those of a
      registry that is spoken to under another name, a comment says so.
  returned: with O(state=released)
  type: list
  elements: str
extends_documentation_fragment:
  - slipway.platform._plan
"""

from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.provider import AWS
from ansible_collections.slipway.platform.plugins.module_utils._core.main import run_on
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome
from ansible_collections.slipway.platform.plugins.module_utils._core.programs import executor
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_bucket import named
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.options import OPTIONS
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_release.run import Runner
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import Version


def step(module: Any, options: dict[str, Any], api: Api) -> Outcome:
    return Runner(named(options, api), api, executor(module), check_mode=module.check_mode, parent=module.tmpdir).run()


def main() -> None:
    run_on(AWS, OPTIONS, step, "Releasing version {version}".format_map, semver=Version)


if __name__ == "__main__":
    main()
