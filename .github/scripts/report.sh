#!/bin/bash
# Puts the tables that trivy_gate left in the folders below DIRECTORY into the summary of the job and into the output "report".
set -euo pipefail
shopt -s nullglob
reports=("$DIRECTORY"/*/trivy-gate.md)
((${#reports[@]})) || exit 0
delimiter=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
{
    echo "report<<$delimiter"
    cat "${reports[@]}" | tee -a "$GITHUB_STEP_SUMMARY"
    echo
    echo "$delimiter"
} >>"$GITHUB_OUTPUT"
