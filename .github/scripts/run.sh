#!/bin/bash
# Runs a play with the collection that these actions come with: run.sh PLAY [arguments of ansible-playbook].
# PLAY is one of the actions, or a playbook of the collection such as image.yml. It installs nothing: it may hold a role.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! [ -x .venv/bin/ansible-playbook ]; then
    echo "::error title=Runtime::The action runtime comes before this one in a job."
    exit 1
fi
play=$1
shift
if [ -d ".github/actions/$play" ]; then
    play=.github/actions/$play/play.yml
    (($#)) || set -- --inventory localhost,
fi
export PATH=$PWD/.venv/bin:$PATH
exec ansible-playbook "$play" "$@"
