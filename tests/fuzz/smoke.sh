#!/bin/bash
# A short, repeatable run of one fuzz target, for ctest: smoke.sh TARGET SEED...
# For a long one: build/asan/tests/fuzz_image -max_total_time=3600 corpus/ tests/fixtures/films
set -euo pipefail
target=$1
shift
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
cp -- "$@" "$corpus"
"$target" -seed=1 -runs=20000 -max_total_time=40 -max_len=65536 -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix="$corpus/" -print_final_stats=1 "$corpus" 2>&1 | grep -v '^#' | tail -30
