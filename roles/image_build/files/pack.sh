#!/usr/bin/env bash
# Compiles the application for each of ARCHITECTURES and packs what the command left in OUTPUT: sorted, of the commit's time,
# owned by nobody in particular, so that the same commit gives the same bytes. The archives go to the folder
# ARTIFACTS, each with its checksum.
set -euo pipefail
COMMIT=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct HEAD)
export VERSION COMMIT SOURCE_DATE_EPOCH
mkdir -p "$ARTIFACTS"
trees=$(mktemp -d "${RUNNER_TEMP:-/tmp}/trees.XXXXXX")
trap 'rm -rf "$trees"' EXIT
for architecture in $ARCHITECTURES; do
    tree=$trees/$architecture
    mkdir "$tree"
    ARCHITECTURE=$architecture OUTPUT=$tree "${0%/*}/plainly.sh" bash -euo pipefail -c "$COMMAND"
    if [ -z "$(ls -A "$tree")" ]; then
        echo "${GITHUB_OUTPUT:+::error title=Compile::}'$COMMAND' left nothing in \$OUTPUT for $architecture."
        exit 1
    fi
    archive=$ARTIFACTS/$APPLICATION-$VERSION-linux-$architecture.tar.gz
    tar --create --directory "$tree" --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX -- . | gzip --no-name --best >"$archive.part"
    if cmp --silent "$archive.part" "$archive"; then rm "$archive.part"; else
        mv "$archive.part" "$archive"
        echo "packed: ${archive##*/}"
    fi
    echo "$(sha256sum "$archive" | cut -d' ' -f1)  ${archive##*/}" | tee "$archive.sha256"
done
