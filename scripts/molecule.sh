#!/bin/bash
# Every molecule scenario, or those that are named: scripts/molecule.sh vpc buckets
# The scenario `default` owns the sandbox (see .config/molecule/config.yml): each scenario finds an empty account.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export PATH=$PWD/.venv/bin:$PATH SLIPWAY_SANDBOX=$PWD/.sandbox/molecule
scenarios=("$@")
if ((${#scenarios[@]} == 0)); then
    for folder in molecule/*/molecule.yml; do scenarios+=("$(basename "$(dirname "$folder")")"); done
fi
trap 'python -m sandbox down' EXIT
trap 'exit 130' INT TERM HUP
molecule reset --all >/dev/null 2>&1 # what an interrupted run left
passed=0 failed=()
for scenario in "${scenarios[@]}"; do
    if molecule test --scenario-name "$scenario" --no-command-borders; then
        passed=$((passed + 1))
    else
        failed+=("$scenario")
        python -m sandbox down # molecule leaves what failed as it was
        molecule reset --all >/dev/null 2>&1
    fi
done
((${#failed[@]})) && echo "failed: ${failed[*]}" >&2
echo "molecule: $passed passed, ${#failed[@]} failed"
((${#failed[@]} == 0))
