#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_build
short_description: A small Debian image from an application's artifact, asserted and started before anybody gets it
version_added: 0.1.0
description:
  - Takes the artifact of a version out of its bucket, verifies its checksum, and builds an image of two layers over a
    Debian base that is pinned by digest. The first layer holds Debian's updates, an init and a user without rights, the
    second one the application.
  - Asserts the result on its layers and starts it, without capabilities, without network, on a read-only root. An image
    that breaks a rule is refused with a sentence for each, and nothing is left.
  - Writes an OCI layout C(<directory>/<application>-<version>/<architecture>/) with one manifest. The same inputs give
    the same digest, in an empty store, from another mirror of the base and on another day.
  - A released version is never built over. If the tag stands in all registries, for the same commit and artifact, the
    task is unchanged and tells what has come out since.
author:
  - Contributors to slipway.platform (@slipway-platform)
requirements:
  - buildah >= 1.28 (also with podman as engine, to write the layout)
  - podman >= 4.3 and runc, to start the image
  - skopeo >= 1.9
  - semver >= 3.0 (Python)
  - qemu-user-static and binfmt-support, to build for another architecture
options:
  application:
    description:
      - Name of the application. It stands below C(/opt/<application>/) in the image.
    type: str
    required: true
  version:
    description:
      - Semantic version without build metadata, for example what M(slipway.platform.semver_tag) returns.
    type: str
    required: true
  commit:
    description:
      - Full hash of the commit that the artifact was made from.
    type: str
    required: true
  created:
    description:
      - Time of the commit by RFC 3339, for example V(2026-01-31T12:00:00Z). The image and everything of the application
        in it have this time.
    type: str
    required: true
  source:
    description:
      - Address of the source code, for the label.
    type: str
    required: true
  artifact_directory:
    description:
      - Folder that holds the same paths instead of O(bucket).
    type: path
  checksums:
    description:
      - Architecture to SHA-256 of its artifact, where it is known. Another one in the bucket is refused.
    type: dict
    default: {}
  architectures:
    description:
      - Architectures that an image is built for. Another one than the machine's needs an emulator.
    type: list
    elements: str
    choices: [amd64, arm64]
    default: [amd64]
  node_instance_types:
    description:
      - Instance types of the node groups that are to run the image. The architecture of each (C(arm64) for Graviton)
        must be one of O(architectures).
    type: list
    elements: str
    default: []
  base_image:
    description:
      - The base, pinned by the digest of its manifest or index, C(<registry>/<repository>@sha256:<digest>). This name
        stands in the image's history, wherever the bytes come from.
    type: str
    required: true
  base_location:
    description:
      - Where the base is copied from, C(<registry>/<repository>) of a mirror, or C(oci:<folder>) of a layout. By
        default the registry in its name.
    type: str
  base_tls_verify:
    description:
      - Whether that registry must have a certificate that is trusted.
    type: bool
    default: true
  base_authentication_file:
    description:
      - File with credentials for that registry, in Docker's form.
    type: path
  base_release:
    description:
      - Release of Debian that the base must be.
    type: str
    default: '13'
  base_end_of_life:
    description:
      - Whether a release of Debian is allowed whose long-term support has ended.
    type: bool
    default: false
  packages:
    description:
      - Debian packages that the application needs beside what the base holds.
    type: list
    elements: str
    default: []
  user_id:
    description:
      - Number of the user and of its group, 1000 to 59999. It owns nothing in the image.
    type: int
    default: 10001
  command:
    description:
      - The program and its arguments, started by the init C(tini).
      - C(/opt/<application>/bin/<application>) if the list is empty.
    type: list
    elements: str
    default: []
  environment:
    description:
      - Environment variables of the image. They can be read by everybody, so no secret may be among them.
    type: dict
    default: {}
  labels:
    description:
      - Labels beside those that the module sets.
    type: dict
    default: {}
  writable_directories:
    description:
      - Directories that the application writes to. A volume must be mounted there at run time, as the check does.
        Everything else is read-only.
    type: list
    elements: str
    default: []
  port:
    description:
      - TCP port that the application listens on.
    type: int
    default: 8080
  ready_path:
    description:
      - Path that answers 2xx once the application is ready. If it is empty, a connection is enough.
    type: str
    default: /readyz
  ready_seconds:
    description:
      - Seconds from the start within which the application must be ready.
    type: int
    default: 10
  stop_seconds:
    description:
      - Seconds from SIGTERM within which the application must have ended.
    type: int
    default: 10
  maximum_size:
    description:
      - Budget of the image in MiB, as it is stored and pulled.
    type: int
    default: 128
  directory:
    description:
      - Folder that the layouts are written to.
    type: path
    required: true
  cache_directory:
    description:
      - Folder of the engine's store, of bases and of compressed layers. It may be deleted at any time.
      - C(~/.cache/slipway/image_build) by default.
    type: path
  registries:
    description:
      - Repositories in registries that the image is released to, where a release is looked for.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description:
          - Kind of the registry. V(ecr) takes the password from AWS if none is given.
        type: str
        choices: [ecr, quay, docker_hub, oci]
        required: true
      host:
        description:
          - Host name of the registry, with port if it has one. Quay and Docker Hub have theirs by default.
        type: str
      repository:
        description:
          - Repository in the registry.
        type: str
        required: true
      endpoint:
        description:
          - Where the registry is spoken to, if not at its host.
        type: str
      tls_verify:
        description:
          - Whether the registry must have a certificate that is trusted.
        type: bool
        default: true
      username:
        description:
          - User of the registry.
        type: str
      password:
        description:
          - Password or token of the user.
        type: str
      authentication_file:
        description:
          - File with credentials in Docker's form, instead of user and password.
        type: path
  refresh:
    description:
      - Whether a released version is built anew as C(<version>+r<N>), if the base or apt's indexes have changed since.
        The tag holds C(_) for C(+).
    type: bool
    default: false
  engine:
    description:
      - What builds the image. Equal digests are promised for V(buildah) and V(podman), each in its version and mode
        (as root or rootless), not for V(docker).
    type: str
    choices: [buildah, podman, docker]
    default: buildah
  buildah_path:
    description:
      - The program buildah.
    type: path
    default: buildah
  podman_path:
    description:
      - The program podman.
    type: path
    default: podman
  docker_path:
    description:
      - The program docker.
    type: path
    default: docker
  skopeo_path:
    description:
      - The program skopeo.
    type: path
    default: skopeo
  runtime_path:
    description:
      - The OCI runtime of podman.
    type: path
    default: runc
notes:
  - C(containers.podman.podman_image) and C(community.docker.docker_image_build) build what a Containerfile says. They
    make no statement about the result, and a rebuild of a version replaces it.
attributes:
  check_mode:
    description: Reads the registries, the artifacts' checksums, the base and apt's indexes, fills the cache with the
      base, and returns the plan.
    support: full
  idempotent:
    description: A second run with the same inputs builds nothing.
    support: full
extends_documentation_fragment:
  - slipway.platform._application_bucket
  - slipway.platform._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
seealso:
  - module: slipway.platform.application_artifact
  - module: slipway.platform.trivy_gate
  - module: slipway.platform.image_release
"""

EXAMPLES = r"""
- name: Image of the version, for both kinds of node groups
  slipway.platform.image_build:
    application: app
    version: "{{ version.version }}"
    commit: "{{ version.commit }}"
    created: "2026-01-31T12:00:00Z"
    source: https://github.com/example/app
    bucket: demo-123456789012-eu-west-1-application
    architectures: [amd64, arm64]
    base_image: docker.io/library/debian@sha256:1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809
    directory: /var/tmp/images
    registries:
      - kind: ecr
        host: 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        repository: app
"""

RETURN = r"""
application:
  description: Name of the application.
  returned: success
  type: str
version:
  description: Version of the image, with C(+r<N>) if it is a refreshed one.
  returned: success
  type: str
  sample: 1.2.0+r1
tag:
  description: The version as an OCI tag.
  returned: success
  type: str
  sample: 1.2.0_r1
commit:
  description: The commit.
  returned: success
  type: str
released:
  description: Whether the version stands in all registries already. Then nothing was built.
  returned: success
  type: bool
artifacts:
  description: The artifact of each architecture.
  returned: success
  type: list
  elements: dict
  contains:
    architecture:
      description: The architecture.
      type: str
    key:
      description: Key in the bucket, or path below O(artifact_directory).
      type: str
    sha256:
      description: Its checksum.
      type: str
base:
  description: The base as it was asked for.
  returned: success
  type: dict
  contains:
    image:
      description: Name and digest.
      type: str
    digest:
      description: The digest in O(base_image).
      type: str
    release:
      description: Release of Debian.
      type: str
images:
  description:
    - The image of each architecture. In check mode, and for a released version whose layout is not here, what is not
      known is null.
  returned: success
  type: list
  elements: dict
  contains:
    architecture:
      description: The architecture.
      type: str
    layout:
      description: Folder of the OCI layout with one manifest.
      type: str
    digest:
      description: Digest of the manifest.
      type: str
    config_digest:
      description: Digest of the configuration, which engines call image ID.
      type: str
    diff_ids:
      description: Digests of the unpacked layers, the base's first.
      type: list
      elements: str
    size:
      description: Bytes of the compressed layers.
      type: int
    base_digest:
      description: Digest of the base's manifest for the architecture, which stands in FROM.
      type: str
registries:
  description: The registries without credentials.
  returned: success
  type: list
  elements: dict
newer:
  description: What has come out since a released version was built.
  returned: success
  type: dict
  contains:
    base:
      description: Whether the base is another one.
      type: bool
    index:
      description: Whether apt's indexes are others.
      type: bool
    fixes:
      description: C(architecture), C(package), C(from) and C(to) of each package that O(refresh) would upgrade.
      type: list
      elements: dict
failures:
  description: The rules that the image breaks, a sentence each.
  returned: when an image is refused
  type: list
  elements: str
extends_documentation_fragment:
  - slipway.platform._plan
"""

from datetime import UTC, datetime
from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.provider import AWS
from ansible_collections.slipway.platform.plugins.module_utils._core.main import run_on
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome
from ansible_collections.slipway.platform.plugins.module_utils._core.programs import executor
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.application_bucket import named
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.model import OPTIONS
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.image_build.run import Runner
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import Version


def step(module: Any, options: dict[str, Any], api: Api) -> Outcome:
    today = datetime.now(UTC).date()
    if options["artifact_directory"] is None:
        options = named(options, api)
    return Runner(options, executor(module), api, today, check_mode=module.check_mode).run()


def main() -> None:
    run_on(AWS, OPTIONS, step, "Building {application} {version}".format_map, semver=Version)


if __name__ == "__main__":
    main()
