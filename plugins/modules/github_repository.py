#!/usr/bin/python
# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: github_repository
short_description: Rulesets, environments and settings of a repository on GitHub
version_added: 0.1.0
description:
  - Makes a repository on GitHub fit for a pipeline that builds and signs images, over GitHub's REST API. Rulesets for
    branches and tags, environments with reviewers, what GitHub Actions may do, how pull requests are merged, secret
    scanning, and the form of the subject in the tokens that cloud providers trust.
  - The repository itself is never made and never deleted.
  - Without any option but O(repository), the defaults are what an auditor would ask for.
author:
  - Contributors to slipway.platform (@slipway-platform)
notes:
  - No module of C(community.general) knows rulesets, environments or settings of GitHub Actions; its
    C(github_repo) makes and deletes repositories.
  - A fine-grained token needs the repository permissions Administration (write), Environments (write), Actions (read)
    and Metadata (read), and for reviewers and actors that are teams the organization permission Members (read).
  - GitHub has no tags on these things. What is not declared is left alone, except with O(purge_rulesets) and
    O(purge_environments).
  - Rulesets of the organization are neither read nor changed.
  - Whether administrators may go round an environment's rules cannot be set over GitHub's API.
requirements:
  - urllib3, which comes with botocore
options:
  state:
    description:
      - V(present) makes what is declared stand. V(absent) deletes the rulesets and environments that are declared and
        leaves settings as they are.
    type: str
    choices: [present, absent]
    default: present
  repository:
    description:
      - Owner and name of the repository, with a slash between.
    type: str
    required: true
  api_url:
    description:
      - Address of the REST API. For GitHub Enterprise Server V(https://<host>/api/v3), for GitHub Enterprise Cloud with
        data residency V(https://api.<subdomain>.ghe.com).
      - A proxy is taken from the environment.
    type: str
    default: https://api.github.com
  token:
    description:
      - Token that administers the repository.
      - Without it, C(GITHUB_TOKEN) in the environment counts. It is never shown, and sent to O(api_url) only.
    type: str
  settings:
    description:
      - Settings of the repository.
    type: dict
    default: {}
    suboptions:
      allow_squash_merge:
        description:
          - Whether pull requests can be merged as one commit, which GitHub signs.
        type: bool
        default: true
      allow_merge_commit:
        description:
          - Whether pull requests can be merged by a merge commit. A linear history has none.
        type: bool
        default: false
      allow_rebase_merge:
        description:
          - Whether pull requests can be merged by rebasing. GitHub cannot sign commits that it rebases.
        type: bool
        default: false
      squash_merge_commit_title:
        description:
          - Title of the one commit.
        type: str
        choices: [PR_TITLE, COMMIT_OR_PR_TITLE]
        default: PR_TITLE
      squash_merge_commit_message:
        description:
          - Message of the one commit. With V(PR_BODY) the answers to the questions of a pull-request template would
            stand in it.
        type: str
        choices: [PR_BODY, COMMIT_MESSAGES, BLANK]
        default: COMMIT_MESSAGES
      delete_branch_on_merge:
        description:
          - Whether the branch of a merged pull request is deleted.
        type: bool
        default: true
      allow_auto_merge:
        description:
          - Whether a pull request can be merged by itself once all is fulfilled.
        type: bool
        default: false
      allow_update_branch:
        description:
          - Whether the branch of a pull request that is behind can be updated from GitHub's pages.
        type: bool
        default: true
      secret_scanning:
        description:
          - Whether GitHub looks for secrets in what is pushed. In private repositories it needs GitHub Secret
            Protection.
        type: bool
        default: true
      secret_scanning_push_protection:
        description:
          - Whether a push that holds a secret is refused.
        type: bool
        default: true
  actions:
    description:
      - What GitHub Actions may do.
    type: dict
    default: {}
    suboptions:
      enabled:
        description:
          - Whether workflows run at all.
        type: bool
        default: true
      allowed_actions:
        description:
          - Whose actions and reusable workflows may be used, those that are named here, those of the same owner, or
            all.
        type: str
        choices: [selected, local_only, all]
        default: selected
      github_owned_allowed:
        description:
          - With V(selected), whether GitHub's own actions are among them.
        type: bool
        default: true
      verified_allowed:
        description:
          - With V(selected), whether the actions of all verified creators are among them.
        type: bool
        default: false
      patterns_allowed:
        description:
          - With V(selected), further actions, each with its version or V(*).
        type: list
        elements: str
        default: []
      sha_pinning_required:
        description:
          - Whether each action must be pinned by the full hash of a commit.
        type: bool
        default: true
      default_workflow_permissions:
        description:
          - What the token of a workflow may do that does not say so itself.
        type: str
        choices: [read, write]
        default: read
      can_approve_pull_request_reviews:
        description:
          - Whether workflows can make and approve pull requests.
        type: bool
        default: false
      fork_approval_policy:
        description:
          - In a public repository, for whose pull requests from forks somebody has to approve the run of workflows.
        type: str
        choices: [first_time_contributors_new_to_github, first_time_contributors, all_external_contributors]
        default: all_external_contributors
      run_workflows_from_fork_pull_requests:
        description:
          - In a private repository, whether workflows run for pull requests from forks at all. If they do, they get no
            secrets and no token that can write, and somebody has to approve them.
        type: bool
        default: false
  subject_claim:
    description:
      - The subject (C(sub)) in the tokens that GitHub gives to workflows and that cloud providers trust.
    type: dict
    default: {}
    suboptions:
      use_immutable_subject:
        description:
          - Whether it holds the identifiers of owner and repository beside their names, so that nobody can take over
            a name that has become free. GitHub Enterprise Server does not know it, set it to V(false) there.
        type: bool
        default: true
      include_claim_keys:
        description:
          - Claims that make up the subject, in this order. Without any, GitHub's default counts, which
            M(slipway.platform.github_actions_roles) trusts.
        type: list
        elements: str
        default: []
  rulesets:
    description:
      - Rulesets of the repository. By default one for the default branch that wants signed commits in a linear history
        by reviewed pull requests.
    type: list
    elements: dict
    default:
      - name: default branch
        rules:
          deletion: true
          non_fast_forward: true
          required_linear_history: true
          required_signatures: true
          pull_request: {}
    suboptions:
      name:
        description:
          - Name of the ruleset, which tells it from others.
        type: str
        required: true
      target:
        description:
          - Whether it is about branches or tags. It cannot change.
        type: str
        choices: [branch, tag]
        default: branch
      enforcement:
        description:
          - Whether it is enforced. With V(evaluate), which GitHub Enterprise knows, it is only watched.
        type: str
        choices: [active, evaluate, disabled]
        default: active
      include:
        description:
          - Branches or tags that it is about, C(refs/heads/...) or C(refs/tags/...), with C(*) as wildcard,
            C(~DEFAULT_BRANCH) or C(~ALL).
        type: list
        elements: str
        default: [~DEFAULT_BRANCH]
      exclude:
        description:
          - Branches or tags that are left out.
        type: list
        elements: str
        default: []
      rules:
        description:
          - What is enforced. At least one is required.
        type: dict
        default: {}
        suboptions:
          creation:
            description:
              - Nobody makes such a branch or tag.
            type: bool
            default: false
          update:
            description:
              - Nobody changes such a branch or tag. A version's tag is not to move.
            type: bool
            default: false
          deletion:
            description:
              - Nobody deletes it.
            type: bool
            default: false
          non_fast_forward:
            description:
              - Nobody pushes by force.
            type: bool
            default: false
          required_linear_history:
            description:
              - No merge commits.
            type: bool
            default: false
          required_signatures:
            description:
              - Every commit is signed.
            type: bool
            default: false
          pull_request:
            description:
              - Changes come by pull requests only.
            type: dict
            suboptions:
              required_approving_review_count:
                description:
                  - How many reviews have to approve, 0 to 10.
                type: int
                default: 1
              require_code_owner_review:
                description:
                  - Whether a code owner of what changes has to be among them.
                type: bool
                default: true
              dismiss_stale_reviews_on_push:
                description:
                  - Whether approvals end with the next push.
                type: bool
                default: true
              require_last_push_approval:
                description:
                  - Whether somebody else than the last pusher has to approve.
                type: bool
                default: true
              required_review_thread_resolution:
                description:
                  - Whether all questions of the review have to be resolved.
                type: bool
                default: true
              allowed_merge_methods:
                description:
                  - How they may be merged, C(squash), C(merge) and C(rebase), among those that O(settings) allows.
                type: list
                elements: str
                default: [squash]
          required_status_checks:
            description:
              - Checks that have to pass.
            type: dict
            suboptions:
              contexts:
                description:
                  - Names of the checks, for a workflow the names of its jobs.
                type: list
                elements: str
                required: true
              app:
                description:
                  - Name of the app whose checks count, as it stands in its address, so that nobody else's with the
                    same name do. Empty for those of all.
                type: str
                default: github-actions
              strict_required_status_checks_policy:
                description:
                  - Whether they have to pass on top of the latest commit of the branch.
                type: bool
                default: true
              do_not_enforce_on_create:
                description:
                  - Whether branches can be made without them.
                type: bool
                default: false
          required_deployments:
            description:
              - Environments to which a deployment must have succeeded first. They have to exist.
            type: list
            elements: str
            default: []
      bypass_actors:
        description:
          - Who may go round the rules.
        type: list
        elements: dict
        default: []
        suboptions:
          type:
            description:
              - What they are.
            type: str
            choices: [team, user, app, repository_role, organization_admin, deploy_key]
            required: true
          name:
            description:
              - Name of the team, user, app or role, as it stands in its address. None for organization admins and
                deploy keys, which means all of them.
            type: str
          mode:
            description:
              - Whether they may do so always, or in pull requests only.
            type: str
            choices: [always, pull_request]
            default: pull_request
  purge_rulesets:
    description:
      - Whether rulesets of the repository that are not declared are deleted.
    type: bool
    default: false
  environments:
    description:
      - Environments that jobs name to get what is kept for them, a role in an account of AWS for example.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the environment.
        type: str
        required: true
      reviewers:
        description:
          - Who has to approve a job before it runs, at most 6. One of them is enough.
        type: dict
        default: {}
        suboptions:
          users:
            description:
              - Logins of users.
            type: list
            elements: str
            default: []
          teams:
            description:
              - Slugs of teams of the owner.
            type: list
            elements: str
            default: []
      prevent_self_review:
        description:
          - Whether somebody else than who started the job has to approve it. Without reviewers it means nothing.
        type: bool
        default: true
      wait_timer:
        description:
          - Minutes that a job waits, 0 to 43200.
        type: int
        default: 0
      deployment_branch_policy:
        description:
          - From where jobs may use it, branches that are protected, those named below, or all.
        type: str
        choices: [protected_branches, custom_branch_policies, all]
        default: protected_branches
      branches:
        description:
          - With V(custom_branch_policies), names of branches or patterns, without C(refs/heads/).
        type: list
        elements: str
        default: []
      tags:
        description:
          - With V(custom_branch_policies), names of tags or patterns, without C(refs/tags/).
        type: list
        elements: str
        default: []
  purge_environments:
    description:
      - Whether environments that are not declared are deleted, with their secrets and variables.
    type: bool
    default: false
  known:
    description:
      - Names and identifiers that earlier tasks of the same run returned as RV(ignore:known).
      - On a local connection this is filled in and carried on by itself. Elsewhere, pass on what the task before
        returned.
    type: dict
    default: {}
seealso:
  - name: REST API endpoints for rules
    description: What GitHub says of rulesets.
    link: https://docs.github.com/en/rest/repos/rules
  - name: REST API endpoints for deployment environments
    description: What GitHub says of environments.
    link: https://docs.github.com/en/rest/deployments/environments
extends_documentation_fragment:
  - slipway.platform._attributes
"""

EXAMPLES = r"""
- name: Repository of the shop
  slipway.platform.github_repository:
    repository: octo-org/shop
    actions:
      patterns_allowed: [aws-actions/configure-aws-credentials@*]
    rulesets:
      - name: default branch
        rules:
          deletion: true
          non_fast_forward: true
          required_linear_history: true
          required_signatures: true
          pull_request:
            required_approving_review_count: 2
          required_status_checks:
            contexts: [build, image]
      - name: versions
        target: tag
        include: [refs/tags/v*]
        rules:
          update: true
          deletion: true
    environments:
      - name: production
        reviewers:
          teams: [release]
        deployment_branch_policy: custom_branch_policies
        branches: [main]
"""

RETURN = r"""
full_name:
  description: Owner and name of the repository, as GitHub writes them.
  returned: success, with O(state=present)
  type: str
  sample: octo-org/shop
repository_id:
  description: Identifier of the repository, which stays when it is renamed.
  returned: success, with O(state=present)
  type: int
  sample: 456
owner_id:
  description: Identifier of its owner.
  returned: success, with O(state=present)
  type: int
  sample: 123
default_branch:
  description: Its default branch.
  returned: success, with O(state=present)
  type: str
  sample: main
sub_claim_prefix:
  description: What the subject of its tokens begins with, where GitHub says so.
  returned: success, with O(state=present)
  type: str
  sample: repo:octo-org@123/shop@456
known:
  description:
    - Names and identifiers for later tasks, see O(known).
  returned: success
  type: dict
extends_documentation_fragment:
  - slipway.platform._plan
"""

from ansible_collections.slipway.platform.plugins.module_utils._boxes.github_repository.box import BOX
from ansible_collections.slipway.platform.plugins.module_utils._core.run import run


def main() -> None:
    run(BOX)


if __name__ == "__main__":
    main()
