#!/bin/bash
# Makes the virtual environment that these actions run in: runtime.sh LOCK.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -x .venv/bin/ansible-playbook ] || scripts/venv.sh "$1" .venv/.requirements
