#!/bin/bash
# Locks requirements.in, runtime.in and tools/go.in with hashes, for every platform and Python 3.12 on, and names no package index.
# Pins stay as they are unless asked: scripts/requirements.sh --upgrade, or --upgrade-package NAME.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
for pair in requirements.in:requirements.txt runtime.in:runtime.txt tools/go.in:tools/go.txt; do
    .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.12 \
        --custom-compile-command 'make requirements' --output-file "${pair#*:}" "$@" "${pair%:*}"
done
