#!/bin/bash
# Every molecule scenario, or those that are named, on one sandbox of their own: scripts/molecule.sh vpc buckets
# Control planes do not run here: roles are judged by the account; what nodes do is the integration tests' business.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD
export PATH=$root/.venv/bin:$PATH
scenarios=("$@")
if ((${#scenarios[@]} == 0)); then
    for folder in molecule/*/; do scenarios+=("$(basename "$folder")"); done
fi
SLIPWAY_SANDBOX=$(mktemp -d "${TMPDIR:-/tmp}/slipway-molecule.XXXXXX")
export SLIPWAY_SANDBOX
stop() { python -m sandbox down; rm -rf "$SLIPWAY_SANDBOX"; }
trap stop EXIT
trap 'exit 130' INT TERM
python -m sandbox up control_planes=false || exit 1
# shellcheck source=/dev/null
. "$SLIPWAY_SANDBOX/env"
export ANSIBLE_HOME=$root/.ansible ANSIBLE_COLLECTIONS_PATH=$root/.ansible/collections
passed=0 failed=()
for scenario in "${scenarios[@]}"; do
    python -m sandbox reset || exit 1
    if molecule test --scenario-name "$scenario"; then passed=$((passed + 1)); else failed+=("$scenario"); fi
done
((${#failed[@]})) && echo "failed: ${failed[*]}" >&2
echo "molecule: $passed passed, ${#failed[@]} failed"
((${#failed[@]} == 0))
