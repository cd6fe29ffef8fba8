#!/bin/bash
# What the README's commands need and neither a wheel nor a Go module can bring, before anything is built.
# Debian's and Ubuntu's packages of it are installed by apt-get: at once with --install (`make setup`) and in CI, else on a
# terminal after one question; without a terminal only the command to paste is told. Then one line for each thing that is missing.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
find_python=$root/scripts/find-python.sh
programs=( # program:package
    git:git make:make setpriv:util-linux
    gpg:gnupg ssh-keygen:openssh-client # tags are signed with either
    buildah:buildah podman:podman runc:runc skopeo:skopeo mmdebstrap:mmdebstrap # images: built, started, copied, and their base
)

missing_packages() {
    local entry PATH=$PATH:/usr/sbin:/sbin
    for entry in "${programs[@]}"; do
        command -v "${entry%:*}" >/dev/null || echo "${entry#*:}"
    done
    # Debian 12's own Python is too old: it is not installed in vain.
    "$find_python" >/dev/null 2>&1 || python_of_apt_is_old || printf 'python3\npython3-venv\n'
}

python_of_apt_is_old() {
    local minor
    minor=$(apt-cache policy python3 2>/dev/null | sed -n 's/.*Candidate: 3\.\([0-9]*\).*/\1/p')
    [ -n "$minor" ] && [ "$minor" -lt 12 ]
}

apt_lists_are_missing() { # a machine may be delivered without; base images are made from apt's sources
    ! apt-get indextargets 2>/dev/null | grep -q '^Origin:'
}

install_packages() { # install_packages PACKAGE...
    local as=(env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    [ "$(id -u)" = 0 ] || as=(sudo "${as[@]}")
    echo "installing: ${*:-nothing but the lists of apt}" >&2
    "${as[@]}" update && { (($# == 0)) || "${as[@]}" install -y --no-install-recommends ca-certificates "$@"; }
}

agreed() { # agreed COMMAND PACKAGE...: --install and CI say yes, a terminal is asked
    local command=$1 answer
    shift
    [ -z "$at_once" ] || return 0
    if [ -t 0 ] && [ -t 2 ]; then
        read -r -p "missing: $*; install by \`$command\`? [y/N] " answer
        case $answer in [yY] | [yY][eE][sS]) return 0 ;; esac
    fi
    return 1
}

at_once=
if [ "${1:-}" = --install ] || [ "${CI:-}" = true ]; then at_once=yes; fi
mapfile -t packages < <(missing_packages)
sudo=
[ "$(id -u)" = 0 ] || sudo='sudo '
paste="${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${packages[*]}"
if ! command -v apt-get >/dev/null; then
    how="install them by this system's package manager; on Debian and Ubuntu: $paste"
elif [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
    how="paste as root: ${paste//sudo /}"
else
    how="install them by: make setup"
    if ((${#packages[@]})); then
        if agreed "$paste" "${packages[@]}"; then
            how="paste: $paste"
            install_packages "${packages[@]}" >&2 || echo "apt-get did not install: ${packages[*]}" >&2
        fi
    elif [ -n "$at_once" ] && apt_lists_are_missing; then
        install_packages >&2 || echo "apt-get update did not fetch the lists of packages" >&2
    fi
fi

status=0
mapfile -t packages < <(missing_packages)
if ((${#packages[@]})); then
    status=1
    echo "missing: ${packages[*]}; $how" >&2
fi
[[ " ${packages[*]} " == *" python3 "* ]] || "$find_python" >/dev/null || status=1
[ "$(uname -s)" = Linux ] || { echo "missing: Linux (the sandbox ends its processes by means that only Linux has)" >&2; status=1; }
free=$(df -Pk "$root" | awk 'NR == 2 {print int($4 / 1048576)}')
[ "$free" -ge 12 ] || { echo "missing: 12 GB of free space at $root (there are $free)" >&2; status=1; }
exit $status
