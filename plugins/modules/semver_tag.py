#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: semver_tag
short_description: The next semantic version of a git history, and its tag
version_added: 0.1.0
description:
  - Computes the version of HEAD from the version tags that HEAD contains and the commits since, by
    semver.org 2.0.0 and Conventional Commits 1.0.0. What the two leave open is an option.
  - Can tag HEAD with it, annotated or signed, and push the tag. A HEAD that carries its release is left as it is.
  - The same commits and tags give the same version on every machine, in every locale and time zone, and in a shallow
    clone that reaches back to the last tag.
author:
  - Contributors to slipway.platform (@slipway-platform)
requirements:
  - git >= 2.36
  - semver >= 3.0 (Python)
options:
  repository:
    description:
      - Folder of the clone. A detached HEAD is normal, a bare repository works too.
    type: path
    required: true
  tag_prefix:
    description:
      - What stands before the version in a tag. Tags with another prefix, or whose rest is no semantic version, do
        not count.
    type: str
    default: v
  paths:
    description:
      - Folders and files below the top of the repository. Only commits that change something in them count.
        All commits count if the list is empty.
    type: list
    elements: str
    default: []
  branch:
    description:
      - Branch that HEAD stands for, needed for O(prereleases) and for the check of the remote where HEAD is detached.
        By default the branch that is checked out.
    type: str
  first_version:
    description:
      - Version of a history without release. Any commit leads to it.
      - The default is what the questions on semver.org recommend.
    type: str
    default: 0.1.0
  minimum_version:
    description:
      - Version that the next release has at least, for example V(1.0.0) to leave major version zero. It stays
        without effect later.
    type: str
  expected_version:
    description:
      - Version that an earlier task computed. If another one comes out now, the task fails before it tags.
    type: str
  claimed_versions:
    description:
      - Versions whose artifacts other commits have claimed without a tag. They are passed over.
    type: list
    elements: str
    default: []
  major_zero_breaking:
    description:
      - What a breaking change raises while the major version is 0 (SemVer 4 leaves it open). V(major) leads to 1.0.0.
    type: str
    choices: [minor, major]
    default: minor
  major_zero_feature:
    description:
      - What a feature raises while the major version is 0.
    type: str
    choices: [patch, minor]
    default: minor
  types:
    description:
      - What commits of a type raise, V(none), V(patch), V(minor) or V(major), for example V(patch) for C(docs).
      - C(feat) and C(fix) are fixed by the standard, C(revert) is set by O(reverts).
    type: dict
    default: {}
  other_types:
    description:
      - What types that O(types) does not name raise. With V(none), a history of documentation alone has no new
        version (Conventional Commits 14, they have no implicit effect).
    type: str
    choices: [none, patch]
    default: none
  reverts:
    description:
      - What a commit of type C(revert), or one that C(git revert) made, does.
      - With V(cancel), the commits that it names and itself have no effect if they are not released, else it raises
        the patch version. Where it cannot be told what it names, the module warns and both count.
        With V(patch) it always raises the patch version, with V(none) never. Breaking ones are breaking all the same.
    type: str
    choices: [cancel, patch, none]
    default: cancel
  unconventional:
    description:
      - What a commit does that is not conventional, nothing, raise the patch version, or make the task fail.
    type: str
    choices: [ignore, patch, refuse]
    default: ignore
  merge_commits:
    description:
      - With V(ignore), commits of a merged branch count and the merge commit itself does not. With V(read), its
        message counts too.
        With V(first_parent), only messages of the main line count, those of merge commits included.
      - A heading that git or a forge writes is left out; its title and what stands below it are read. The module warns
        of one that it does not know.
    type: str
    choices: [ignore, read, first_parent]
    default: ignore
  squash_commits:
    description:
      - With V(title), a commit is what its header and footers say. With V(list), the messages that a squashed commit
        lists
        in its body count too.
    type: str
    choices: [title, list]
    default: title
  prereleases:
    description:
      - Branches whose versions are pre-releases C(<next version>-<identifier>.<N>), N from 1. The first pattern that
        fits counts.
        All other branches make releases.
    type: list
    elements: dict
    default: []
    suboptions:
      branch:
        description:
          - Name of the branch, or a pattern with C(*), C(?) and C([]).
        type: str
        required: true
      identifier:
        description:
          - Pre-release identifiers, for example V(rc) or V(alpha.ui).
        type: str
        required: true
  build_metadata:
    description:
      - What stands behind the plus of the version, for example V(r1). It is no part of the tag, since it does not
        tell versions apart
        (SemVer 10).
    type: str
    default: ''
  tag:
    description:
      - Whether HEAD is tagged with a new version. The tree must be clean.
    type: bool
    default: false
  taggable:
    description:
      - Refuses what O(tag) would refuse, and with O(push) also what the push would refuse, without making a tag. It is
        for the beginning of a run that tags at its end.
    type: bool
    default: false
  annotated:
    description:
      - Whether the tag is an object of its own, with tagger, time and the release notes as message.
    type: bool
    default: true
  sign:
    description:
      - Whether the tag is signed, and how.
    type: str
    choices: [none, ssh, gpg]
    default: none
  signing_key:
    description:
      - Path of the SSH key, or id of the GPG key.
    type: str
  tagger_name:
    description:
      - Name in an annotated tag.
    type: str
    default: slipway
  tagger_email:
    description:
      - Mail address in an annotated tag.
    type: str
    default: slipway@localhost
  push:
    description:
      - Whether the tag is pushed, atomically, and only if the remote has no such tag and its branch still stands at
        HEAD.
    type: bool
    default: false
  remote:
    description:
      - The remote.
    type: str
    default: origin
attributes:
  check_mode:
    description: The version is computed and the plan is returned, nothing is written. With O(push) the remote is
      read.
    support: full
  idempotent:
    description: A second run on the same commit returns the same version and writes nothing.
    support: full
seealso:
  - name: Semantic Versioning 2.0.0
    description: The law of versions.
    link: https://semver.org/spec/v2.0.0.html
  - name: Conventional Commits 1.0.0
    description: The law of commit messages.
    link: https://www.conventionalcommits.org/en/v1.0.0/
extends_documentation_fragment:
  - slipway.platform._attributes
"""

EXAMPLES = r"""
- name: Version of the commit that is built
  slipway.platform.semver_tag:
    repository: "{{ playbook_dir }}"
    branch: main
  register: version

- name: Tag it, after the artifact is claimed and everything else is pushed
  slipway.platform.semver_tag:
    repository: "{{ playbook_dir }}"
    branch: main
    expected_version: "{{ version.version }}"
    tag: true
    push: true

- name: Signed candidates of one part of a monorepo
  slipway.platform.semver_tag:
    repository: "{{ playbook_dir }}"
    tag_prefix: shop/v
    paths: [services/shop]
    prereleases:
      - branch: next
        identifier: rc
    tag: true
    sign: ssh
    signing_key: /home/release/.ssh/id_ed25519
"""

RETURN = r"""
version:
  description: Version of HEAD, with build metadata if it is a new one; null if nothing was ever released and no
    commit counts.
  returned: success
  type: str
  sample: 1.3.0
previous:
  description: Release before it that HEAD contains, null for the first version.
  returned: success
  type: str
  sample: 1.2.4
previous_tag:
  description: Tag of that release.
  returned: success
  type: str
  sample: v1.2.4
bump:
  description:
    - What was raised against RV(previous), V(none), V(patch), V(minor), V(major), or V(initial) for the first
      version.
  returned: success
  type: str
due:
  description: Whether the version is a new one.
  returned: success
  type: bool
released:
  description: Whether HEAD carried its tag when the task began.
  returned: success
  type: bool
commit:
  description: Full hash of HEAD.
  returned: success
  type: str
created:
  description: When HEAD was committed, in UTC, as RFC 3339 writes it.
  returned: success
  type: str
  sample: "2026-11-23T12:00:00Z"
branch:
  description: Branch that HEAD stands for, null for a detached HEAD.
  returned: success
  type: str
tag_name:
  description: Tag that belongs to the version.
  returned: success
  type: str
  sample: v1.3.0
oci_tag:
  description: The version as an OCI tag, with C(_) for C(+).
  returned: success
  type: str
  sample: 1.3.0_r1
decided_by:
  description: Commits that decided RV(bump), newest first.
  returned: success
  type: list
  elements: dict
  contains:
    commit:
      description: Full hash.
      type: str
    header:
      description: First line of the message.
      type: str
    type:
      description: Type in lower case, null if the commit is not conventional.
      type: str
    scope:
      description: Scope.
      type: str
    description:
      description: Description.
      type: str
    breaking:
      description: What breaks, null if nothing does.
      type: str
    bump:
      description: What the commit raises.
      type: str
    why:
      description: Why, with the rule of the standard and the option.
      type: str
notes:
  description: Release notes, type of commit to a list of C(commit), C(scope) and C(description). Breaking changes
    also stand under C(breaking).
  returned: success
  type: dict
notes_markdown:
  description: The notes for readers. Empty if the version is no new one.
  returned: success
  type: str
claim:
  description:
    - C(version) and C(commit), to be written beside the artifact on condition that nothing is there yet. If another
      commit's claim is there,
      compute anew with that version in O(claimed_versions).
  returned: success
  type: dict
extends_documentation_fragment:
  - slipway.platform._plan
"""

from typing import Any

from ansible_collections.slipway.platform.plugins.module_utils._core.main import run
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Outcome
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.options import OPTIONS
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.run import Runner
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag.versions import Version


def step(module: Any, options: dict[str, Any]) -> Outcome:
    def execute(command: list[str], text: bytes) -> tuple[int, bytes, bytes]:
        return module.run_command(command, data=text, binary_data=True, encoding=None, expand_user_and_vars=False)

    return Runner(options, execute, check_mode=module.check_mode).run()


def main() -> None:
    run(OPTIONS, step, semver=Version)


if __name__ == "__main__":
    main()
