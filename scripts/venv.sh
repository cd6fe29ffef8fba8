#!/bin/bash
# Makes or updates the virtual environment: uv is taken from its hash-locked line by pip, the rest is uv's work,
# since pip needs 90 seconds where uv needs 10. Then links the checkout as a collection, so that its names resolve.
# Usage: scripts/venv.sh REQUIREMENTS MARKER
set -euo pipefail
requirements=$1 marker=$2
root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.venv

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
    python=$("$root/scripts/find-python.sh")
    echo "virtual environment: $python"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
locked=$(sed -n 's/^uv==\([^ ]*\).*/uv \1/p' "$requirements")
if [ "$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f1,2)" != "$locked" ]; then
    echo "virtual environment: $locked"
    line=$(mktemp)
    trap 'rm -f "$line"' EXIT
    awk '/^uv==/ {on = 1} on && !/^(uv==| )/ {exit} on' "$requirements" >"$line"
    "$venv/bin/python" -m ensurepip >/dev/null
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$line"
fi
# uv does not read pip's configuration: hand on an index that the machine has set there.
if index=$(PIP_NO_INPUT=1 python3 -m pip config get global.index-url 2>/dev/null); then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi
export VIRTUAL_ENV=$venv UV_LINK_MODE=${UV_LINK_MODE:-copy} UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
"$venv/bin/uv" pip sync --require-hashes "$requirements"

# What tests compare our answers with is JavaScript. The demo does without it: if it cannot be had now, the next make tries again.
npm=$root/tests/npm
if [ "$requirements" = requirements.txt ] && [ "$npm/package-lock.json" -nt "$npm/node_modules/.package-lock.json" ]; then
    if PATH=$venv/bin:$PATH npm ci --silent --prefix "$npm" --fetch-retries 1 --fetch-retry-mintimeout 1000; then
        touch "$npm/node_modules/.package-lock.json"
    else
        echo "virtual environment: the packages of tests/npm could not be installed; the tests that need them will fail" >&2
        marker=
    fi
fi

collections=$root/.ansible/collections/ansible_collections/slipway
mkdir -p "$collections"
ln -sfn ../../../.. "$collections/platform"
[ -z "$marker" ] || touch "$marker"
