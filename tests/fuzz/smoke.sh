#!/bin/bash
# One fuzz target for a while, for ctest and longer runs: smoke.sh TARGET WORDS SEEDS...
# SEEDS are folders. FUZZ_SECONDS: how long (20). FUZZ_CORPUS: a folder to keep and go on with what is
# found. What makes the target stop is left in the current folder, as crash-..., leak-... and so on.
set -euo pipefail
target=$1 words=$2
shift 2
corpus=${FUZZ_CORPUS-}
if [ -n "$corpus" ]; then
    mkdir -p "$corpus"
else
    corpus=$(mktemp -d)
    trap 'rm -rf "$corpus"' EXIT
fi
"$target" -seed=1 -max_total_time="${FUZZ_SECONDS:-20}" -max_len=16384 -timeout=60 \
    -rss_limit_mb=4096 -dict="$words" -print_final_stats=1 -verbosity=1 "$corpus" "$@" 2>&1 |
    grep -vE '^#[0-9]+.*(NEW|REDUCE|pulse|RELOAD)' | tail -40
