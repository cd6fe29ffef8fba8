#!/bin/bash
# Runs a play with the collection that these actions come with: run.sh PLAY [arguments of ansible-playbook].
# PLAY is one of the actions, or a playbook of the collection such as image.yml. The first use in a job makes the
# virtual environment; without PLAY, that is all.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! [ -x .venv/bin/ansible-playbook ]; then
    echo "::group::Virtual environment" >&2
    scripts/venv.sh requirements.txt .venv/.requirements >&2
    echo "::endgroup::" >&2
fi
play=${1-}
[ -n "$play" ] || exit 0
shift
if [ -d ".github/actions/$play" ]; then
    play=.github/actions/$play/play.yml
    (($#)) || set -- --inventory localhost,
fi
export PATH=$PWD/.venv/bin:$PATH
exec ansible-playbook "$play" "$@"
