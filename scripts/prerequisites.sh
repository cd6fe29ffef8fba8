#!/bin/bash
# One line for each thing that is missing, before anything is built. What a wheel or a Go module can bring is not asked for.
set -u
missing=0
root=$(cd "$(dirname "$0")/.." && pwd)
need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null || { echo "missing: $1 (Debian, Ubuntu: apt-get install $2)" >&2; missing=1; }
}
need git git
need make make
need setpriv util-linux
"$root/scripts/find-python.sh" >/dev/null || missing=1
[ "$(uname -s)" = Linux ] || { echo "missing: Linux (the sandbox ends its processes by means that only Linux has)" >&2; missing=1; }
free=$(df -Pk "$root" | awk 'NR == 2 {print int($4 / 1048576)}')
[ "$free" -ge 12 ] || { echo "missing: 12 GB of free space at $root (there are $free)" >&2; missing=1; }
exit $missing
