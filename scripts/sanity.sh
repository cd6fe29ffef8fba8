#!/bin/bash
# ansible-test sanity on the staged collection. Arguments are handed on, such as: scripts/sanity.sh --test validate-modules
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=$root/.venv/bin/python
stage=$(scripts/stage.sh)
trap 'rm -rf "$stage"' EXIT
# ansible-test makes environments of its own, and would fetch an installer of pip for that from outside any package
# index: Python brings one along.
version=$("$python" - <<'PYTHON'
import pathlib, re
import ansible_test
text = (pathlib.Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py").read_text()
print(re.search(r"pip='([\d.]+)'", text).group(1).replace(".", "_"))
PYTHON
)
installer=$HOME/.ansible/test/cache/get_pip_$version.py
if [ ! -e "$installer" ]; then
    mkdir -p "${installer%/*}"
    printf 'import ensurepip\n\nensurepip.bootstrap()\n' >"$installer"
fi
cd "$stage/ansible_collections/slipway/platform"
"$root/.venv/bin/ansible-test" sanity --color no --python "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" "$@"
