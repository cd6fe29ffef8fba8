#!/bin/bash
# Puts the archives into the bucket that another job has made, if they are those that its output names: CHECKSUMS, in the form of
# sha256sum. Nothing of them is executed.
set -euo pipefail
cd "$ARTIFACTS/applications/$APPLICATION/$VERSION"
if ! sha256sum --check --strict --quiet <<<"$CHECKSUMS" || [ "$(printf '%s\n' *.tar.gz)" != "$(cut --characters=67- <<<"$CHECKSUMS" | sort)" ]; then
    echo "::error title=Artifact::The archives are not those that were compiled."
    exit 1
fi
exec "$GITHUB_ACTION_PATH/../../scripts/run.sh" artifact
