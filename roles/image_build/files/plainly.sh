#!/usr/bin/env bash
# Runs a command of the application's own in an environment of named variables: what it is to know, where programs and their
# caches are, and PASSED, names separated by spaces. Credentials, tokens, and the files by which a step of a job changes later
# ones are not among them.
set -euo pipefail
given=()
for name in ARCHITECTURE COMMIT OUTPUT SOURCE_DATE_EPOCH VERSION HOME LANG LANGUAGE LC_ALL LC_CTYPE LOGNAME PATH SHELL TERM TMPDIR TZ USER \
    CARGO_HOME GOCACHE GOFLAGS GOMODCACHE GOPATH GOROOT GOTOOLCHAIN JAVA_HOME RUSTUP_HOME ${PASSED-}; do
    if [ -v "$name" ]; then given+=("$name=${!name}"); fi
done
exec env --ignore-environment "${given[@]}" "$@"
