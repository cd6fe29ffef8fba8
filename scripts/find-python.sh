#!/bin/sh
# Prints the path of a Python that the project can use: 3.12 or newer, able to make a virtual environment.
# Version managers put names on PATH that fail when run, and keep the real programs in folders of their own; so
# every candidate is run, and the first that passes wins. Exits 1 with one line when there is none.
set -u
HOME=${HOME:-/nonexistent}
probe='import sys, venv, ensurepip; sys.exit(not (3, 12) <= sys.version_info < (3, 15))'

candidates() {
    [ -n "${PYTHON:-}" ] && echo "$PYTHON"
    for version in 3.13 3.12 3.14 3; do
        command -v "python$version"
        printf '%s\n' "/usr/bin/python$version" "/usr/local/bin/python$version"
    done
    for folder in "${PYENV_ROOT:-$HOME/.pyenv}/versions" "$HOME/.local/share/uv/python" "${ASDF_DATA_DIR:-$HOME/.asdf}/installs/python" \
        "$HOME/.local/share/mise/installs/python" "$HOME/.local" /usr/local /opt; do
        printf '%s\n' "$folder"/*/bin/python3 "$folder"/bin/python3 | sort -rV
    done
}

candidates | {
    while IFS= read -r python; do
        if [ -x "$python" ] && "$python" -c "$probe" 2>/dev/null; then
            "$python" -c 'import sys; print(sys.executable)'
            exit 0
        fi
    done
    echo "missing: Python 3.12, 3.13 or 3.14 with venv and ensurepip: Debian 13 and Ubuntu 24.04 or newer have it (make setup);" \
        "on an older one make it by \`pyenv install 3.13\` or \`uv python install 3.13\`, or set PYTHON=/its/path" >&2
    exit 1
}
