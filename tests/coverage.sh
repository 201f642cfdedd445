#!/bin/bash
# Which lines of core/ the native tests run: builds them with clang's counters (build/coverage), runs
# them, and prints a table for each folder, or with --files for each file. docs/testing.md has it.
#
#   tests/coverage.sh [--files] [--lines FILE]     --lines: shows the lines of FILE that never ran
set -euo pipefail
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../toolchain/lib.sh"
by=folder lines=
while [ $# -gt 0 ]; do
    case $1 in
    --files) by=file ;;
    --lines) lines=$2 && shift ;;
    *) sed -n '2,5s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
    shift
done
cd "$root"
toolchain/setup.sh native
tree=$root/build/coverage counters=$root/build/coverage/counters
if [ ! -e "$tree/build.ninja" ] || [ "$facts/env.sh" -nt "$tree/CMakeCache.txt" ]; then
    cmake --fresh --preset coverage >&2
fi
# shellcheck source=/dev/null
. "$facts/env.sh"
llvm=$(dirname "$ASAN_SYMBOLIZER_PATH")
cmake --build --preset coverage >&2
rm -rf "$counters"
# %m: one file for each program, into which its runs are merged.
LLVM_PROFILE_FILE="$counters/%m.profraw" ctest --preset coverage >&2
"$llvm/llvm-profdata" merge -o "$counters/all" "$counters"/*.profraw
programs=()
for program in "$tree"/pleura "$tree"/tests/test_* "$tree"/tests/conformance/conformance; do
    [ ! -x "$program" ] || [ -d "$program" ] || programs+=(-object "$program")
done
if [ -n "$lines" ]; then
    "$llvm/llvm-cov" show -instr-profile "$counters/all" "${programs[@]}" -sources "$lines" |
        grep -E '^ *[0-9]+\| +0\|'
    exit
fi
"$llvm/llvm-cov" export -summary-only -instr-profile "$counters/all" "${programs[@]}" -sources core/src |
    python3 "$root/tests/coverage_table.py" "$by" "$root/core/src/"
