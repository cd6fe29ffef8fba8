#!/bin/bash
# Tags and pushes. The token is git's for the length of this step, by its environment: it stands in no file and no command line.
set -euo pipefail
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader"
GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$TOKEN" | base64 --wrap=0)"
export GIT_CONFIG_VALUE_0
unset TOKEN
exec "${0%/*}/run.sh" release
