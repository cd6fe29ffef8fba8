#!/bin/bash
# Lays out, for linters that insist on it, what users would install: a new folder outside the checkout (they look at
# git, and git ignores the virtual environment) with ansible_collections/slipway/platform as galaxy.yml builds it, beside
# the collections that it depends on. Prints the new folder.
set -euo pipefail
cd "$(dirname "$0")/.."
stage=$(mktemp -d "${TMPDIR:-/tmp}/slipway-stage.XXXXXX")
collections=$stage/ansible_collections
mkdir -p "$collections/slipway/platform"
.venv/bin/ansible-galaxy collection build --output-path "$stage" >/dev/null
tar -xf "$stage"/slipway-platform-*.tar.gz -C "$collections/slipway/platform"
install -D -m 644 tests/config.yml "$collections/slipway/platform/tests/config.yml"
cp galaxy.yml "$collections/slipway/platform/"
installed=$(.venv/bin/python -c 'import ansible_collections; print(list(ansible_collections.__path__)[0])')
for name in amazon/aws community/aws kubernetes/core; do
    mkdir -p "$collections/${name%/*}"
    cp -r "$installed/$name" "$collections/$name"
done
git -C "$collections/slipway/platform" init --quiet # ansible-test takes its list of files from git
echo "$stage"
