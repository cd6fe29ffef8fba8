#!/bin/bash
# Every linter, or those that are named: scripts/lint.sh ruff mypy ... Each prints its own findings; the closing lines say which failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export PATH=$PWD/.venv/bin:$PATH ANSIBLE_HOME=$PWD/.ansible MYPYPATH=$PWD/.ansible/collections
[ -w "${HOME:-}" ] || export HOME=$PWD/.ansible # some keep logs and caches there and cannot do without
all=(ruff format mypy yamllint shellcheck actionlint zizmor schemas hadolint specifications ansible_lint docs sanity)

ruff() { command ruff check .; }
format() { command ruff format --check --quiet .; }
mypy() { # strict over what decides: the collection's shared code and the sandbox
    command mypy -p sandbox && command mypy -p ansible_collections.slipway.platform.plugins.module_utils
}
yamllint() { command yamllint --strict .; }
shellcheck() { git ls-files -z -co --exclude-standard -- '*.sh' .ci/run | xargs -0 .venv/bin/shellcheck; }
workflows() { git ls-files -z -co --exclude-standard -- '.github/workflows/*.yml' 'examples/*/.github/workflows/*.yml'; }
actionlint() { workflows | xargs -0 .venv/bin/actionlint -shellcheck .venv/bin/shellcheck; }
zizmor() { command zizmor --quiet --offline --no-ignores --strict-collection --persona auditor . examples/*/; }
schemas() { # GitHub's own, as they are published
    local github=(.venv/bin/check-jsonschema --quiet --builtin-schema)
    workflows | xargs -0 "${github[@]}" vendor.github-workflows &&
        git ls-files -z -co --exclude-standard -- '*action.yml' | xargs -0 "${github[@]}" vendor.github-actions &&
        "${github[@]}" vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml &&
        "${github[@]}" vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml &&
        "${github[@]}" vendor.dependabot .github/dependabot.yml
}
hadolint() { python -m tests.lint.containerfile | .venv/bin/hadolint --no-color -; } # what image_build writes
ansible_lint() { command ansible-lint -q; }
docs() { # documentation of modules, roles and the collection itself
    local stage status
    antsibull-changelog lint && stage=$(scripts/stage.sh) || return 1
    # It copies each collection by what git lists of its folder, and the virtual environment's are none of the checkout's.
    ANSIBLE_COLLECTIONS_PATH=$stage GIT_CEILING_DIRECTORIES=$(pwd -P) antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck \
        "$stage/ansible_collections/slipway/platform"
    status=$?
    rm -rf "$stage"
    return $status
}
specifications() { python -m tests.lint; }
sanity() { scripts/sanity.sh; }


failed=()
for name in "${@:-${all[@]}}"; do
    started=$SECONDS
    echo "== $name"
    if declare -F "$name" >/dev/null; then "$name"; else echo "unknown linter: $name (${all[*]})" >&2; false; fi || failed+=("$name")
    echo "   $name: $((SECONDS - started)) s"
done
if ((${#failed[@]})); then echo "lint failed: ${failed[*]}" >&2; exit 1; fi
