#!/bin/bash
# The table of operators, from a run of all cases:
#   table.sh PROGRAM CASES            writes it to docs/operators.md
#   table.sh PROGRAM CASES --check    fails if docs/operators.md says otherwise, or if a case fails
set -euo pipefail
cd "$(dirname "$0")/../.."
folders=("$2"/{node,pytorch-converted,pytorch-operator,simple})
[ -d "${folders[0]}" ] || { echo "No test cases in $2: run toolchain/setup.sh native." >&2; exit 1; }
if [ "${3-}" = --check ]; then
    "$1" --table "${folders[@]}" | diff docs/operators.md -
else
    "$1" --table "${folders[@]}" >docs/operators.md
fi
