#!/bin/bash
# Every molecule scenario, or those that are named: scripts/molecule.sh vpc buckets
# One sandbox for all: the scenario `default` starts and stops it (see .config/molecule/config.yml), and each scenario
# leaves the account as empty as it was.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export PATH=$PWD/.venv/bin:$PATH SLIPWAY_SANDBOX=$PWD/.sandbox/molecule
scenarios=("$@")
if ((${#scenarios[@]} == 0)); then
    for folder in molecule/*/molecule.yml; do scenarios+=("$(basename "$(dirname "$folder")")"); done
fi
trap 'python -m sandbox down' EXIT
trap 'exit 130' INT TERM HUP
# What an interrupted run left.
python -m sandbox down
molecule reset --all >/dev/null 2>&1
if ! molecule test "${scenarios[@]/#/--scenario-name=}" --no-command-borders; then
    echo "molecule: failed; alone: scripts/molecule.sh SCENARIO" >&2
    exit 1
fi
echo "molecule: ${#scenarios[@]} passed, 0 failed"
