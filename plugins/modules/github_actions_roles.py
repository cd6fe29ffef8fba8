#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: github_actions_roles
short_description: IAM roles that workflows on GitHub assume by OIDC
version_added: 0.1.0
description:
  - Makes the IAM roles that GitHub Actions of one repository assume without long-lived keys, and the account's OIDC
    provider for C(token.actions.githubusercontent.com) where there is none.
  - A role is named C(<platform>-github-<application>-<name>). It trusts tokens by audience, subject, ref and, where it
    is given, environment, each compared by itself, and may do what its step of the pipeline needs and no more.
  - Roles of the same repository that are declared no more are deleted. Those of other repositories are left alone.
author:
  - Contributors to slipway.platform (@slipway-platform)
notes:
  - In C(amazon.aws) and C(community.aws) no module makes OIDC providers, and C(iam_role) takes whatever policy it is
    given.
  - An account has one provider for an issuer. One that stands without the tag C(slipway:platform), or with another
    platform's, is used and neither changed nor deleted. One that this platform has made is deleted with its roles if
    no other role of the account trusts it any more.
  - Pull requests from forks get no token from GitHub. With O(roles[].pull_requests), those from branches of the
    repository itself get one, whoever may push there.
options:
  repository:
    description:
      - Owner and name of the repository with a slash between, in GitHub's own upper and lower case.
      - Required, except to delete the roles of all repositories.
    type: str
  owner_id:
    description:
      - GitHub's identifier of the owner, as M(slipway.platform.github_repository) returns it.
      - Required with O(subject_format=immutable).
    type: int
  repository_id:
    description:
      - GitHub's identifier of the repository. Where it is given, tokens are compared with it.
      - Required with O(subject_format=immutable).
    type: int
  subject_format:
    description:
      - Whether the subject of tokens holds these identifiers, V(immutable), or names only, V(legacy). GitHub's default
        for repositories made or renamed since July 2026 is the immutable one.
      - With V(legacy) and without O(repository_id), whoever gets hold of a name that has become free gets the roles.
    type: str
    choices: [immutable, legacy]
    default: immutable
  application:
    description:
      - Name of the application, the folder in the bucket. The name of the repository by default.
    type: str
  application_bucket:
    description:
      - Bucket of the applications. That of the platform by default.
    type: str
  kms_key:
    description:
      - Key of the bucket, the use of a key of M(slipway.platform.kms_keys) or the ARN of another key.
    type: str
    default: buckets
  image_repositories:
    description:
      - Repositories of ECR that the permission C(images) is for, by their whole names. By default
        C(<platform>/<application>), as M(slipway.platform.ecr_repositories) makes it; an empty list where images go
        elsewhere.
    type: list
    elements: str
  signing_key_arn:
    description:
      - ARN of the key of KMS that signs images with the permission C(images).
    type: str
  roles:
    description:
      - The roles.
    type: list
    elements: dict
    default:
      - name: build
        permissions: [artifacts]
        refs: [refs/heads/main]
        job_workflow_refs:
          - slipway-platform/slipway.platform/.github/workflows/build.yml@*
      - name: image
        permissions: [images]
        refs: [refs/heads/main]
        job_workflow_refs:
          - slipway-platform/slipway.platform/.github/workflows/image.yml@*
      - name: plan
        permissions: [plan]
        refs: [refs/heads/main]
        pull_requests: true
        job_workflow_refs:
          - slipway-platform/slipway.platform/.github/workflows/drift.yml@*
          - slipway-platform/slipway.platform/.github/workflows/pull-request.yml@*
      - name: scan
        permissions: [scan]
        refs: [refs/heads/main]
        job_workflow_refs:
          - slipway-platform/slipway.platform/.github/workflows/drift.yml@*
    suboptions:
      name:
        description:
          - Last part of the role's name.
        type: str
        required: true
      permissions:
        description:
          - What the role may do.
          - C(artifacts) writes claims and artifacts of the application's versions into the bucket, each once.
          - C(images) reads them, pushes images, signs them and writes bills of materials, release manifests and records
            of scans, each once.
          - C(plan) reads the settings of the platform's resources, never the content of objects or logs.
          - C(scan) reads releases and images and writes records of scans; it pushes and signs nothing.
        type: list
        elements: str
        required: true
      refs:
        description:
          - Branches and tags whose workflows may assume the role, with C(refs/heads/) or C(refs/tags/) and C(*) as
            wildcard.
        type: list
        elements: str
        default: []
      pull_requests:
        description:
          - Whether workflows of pull requests may assume it. What they run is not reviewed yet, so this is for a role
            with the permission C(plan) alone.
        type: bool
        default: false
      environment:
        description:
          - Environment that a job must run in, with the reviewers that it asks for.
        type: str
      job_workflow_refs:
        description:
          - Reusable workflows of which a job must be part, with the ref they are taken from.
        type: list
        elements: str
        default: []
      max_session_duration:
        description:
          - Seconds that a session may last, 3600 to 43200.
        type: int
        default: 3600
  path:
    description:
      - Path of the roles, fixed at their creation.
    type: str
    default: /
  permissions_boundary:
    description:
      - ARN of the policy that bounds what the roles may do.
    type: str
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._attributes
  - slipway.platform._attributes.action_group
  - amazon.aws.common.modules
  - amazon.aws.region.modules
seealso:
  - module: slipway.platform.github_repository
  - name: OpenID Connect reference
    description: What GitHub says of its tokens.
    link: https://docs.github.com/en/actions/reference/security/oidc
"""

EXAMPLES = r"""
- name: Roles of the shop's pipeline
  slipway.platform.github_actions_roles:
    platform_name: demo
    repository: octo-org/shop
    owner_id: 123
    repository_id: 456
    roles:
      - name: build
        permissions: [artifacts]
        refs: [refs/heads/main]
      - name: image
        permissions: [images]
        refs: [refs/heads/main]
        environment: production
      - name: plan
        permissions: [plan]
        refs: [refs/heads/main]
        pull_requests: true
"""

RETURN = r"""
roles:
  description: ARNs of the declared roles by their short names, in check mode too.
  returned: success
  type: dict
  sample: {build: 'arn:aws:iam::123456789012:role/demo-github-shop-build'}
extends_documentation_fragment:
  - slipway.platform._box
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.github_actions_roles.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()
