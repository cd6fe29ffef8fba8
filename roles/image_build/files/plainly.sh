#!/usr/bin/env bash
# Runs a command of the application's own without what could speak for the job: its OIDC request token, the runtime token of
# its cache and artifacts, and the files by which a step changes later ones.
set -euo pipefail
unset "${!ACTIONS_@}" GITHUB_ENV GITHUB_OUTPUT GITHUB_PATH GITHUB_STATE GITHUB_TOKEN
exec "$@"
