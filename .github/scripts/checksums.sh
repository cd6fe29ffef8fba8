#!/bin/bash
# Names the archives below ARTIFACTS by their digests in the output "checksums", in the form of sha256sum.
set -euo pipefail
delimiter=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
cd "$ARTIFACTS"
{
    echo "checksums<<$delimiter"
    sha256sum -- *.tar.gz
    echo "$delimiter"
} >>"$GITHUB_OUTPUT"
