#!/bin/bash
# Builds cosign from its locked sources into $RUNNER_TEMP/bin, some minutes, unless the runner has it.
set -euo pipefail
command -v cosign >/dev/null && exit
cd "$(dirname "$0")/../../tools/cosign"
mkdir -p "$RUNNER_TEMP/bin"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -mod=readonly -ldflags '-s -w' -o "$RUNNER_TEMP/bin/cosign" github.com/sigstore/cosign/v3/cmd/cosign
