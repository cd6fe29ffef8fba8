#!/bin/bash
# One line for each thing that is missing, before anything is built. What a wheel or a Go module can bring is not asked for.
# --packages prints the Debian packages that are missing instead, a line each.
set -u
missing=0 list=${1:-}
root=$(cd "$(dirname "$0")/.." && pwd)
need() { # need PROGRAM PACKAGE
    local PATH=$PATH:/usr/sbin:/sbin
    command -v "$1" >/dev/null && return
    missing=1
    if [ -n "$list" ]; then echo "$2"; else echo "missing: $1 (Debian, Ubuntu: apt-get install $2)" >&2; fi
}
need git git
need make make
need setpriv util-linux
need gpg gnupg # tags are signed with either
need ssh-keygen openssh-client
need buildah buildah # images: built, started, copied, and their base
need podman podman
need runc runc
need skopeo skopeo
need mmdebstrap mmdebstrap
if [ -n "$list" ]; then
    "$root/scripts/find-python.sh" >/dev/null 2>&1 || printf 'python3\npython3-venv\n'
    exit
fi
"$root/scripts/find-python.sh" >/dev/null || missing=1
[ "$(uname -s)" = Linux ] || { echo "missing: Linux (the sandbox ends its processes by means that only Linux has)" >&2; missing=1; }
free=$(df -Pk "$root" | awk 'NR == 2 {print int($4 / 1048576)}')
[ "$free" -ge 12 ] || { echo "missing: 12 GB of free space at $root (there are $free)" >&2; missing=1; }
exit $missing
