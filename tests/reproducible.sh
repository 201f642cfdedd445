#!/bin/bash
# Builds a WebAssembly module once more, from nothing and in another folder: the same bytes.
#   reproducible.sh [simd|relaxed|threads]...      (simd, with the decoders, where none is named)
# Needs the modules in build/ as the presets make them. Prints "ok" or "not ok" for each file.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../toolchain/lib.sh"
# shellcheck source=/dev/null
. "$facts/env.sh"

again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
cd "$root"
passed=0 failed=0

same() { # FILE IN BUILD, FILE MADE AGAIN
    if cmp -s "$1" "$2"; then
        passed=$((passed + 1))
        say "ok ${1##*/} $(sha256sum <"$2" | cut -c1-64)"
    else
        failed=$((failed + 1))
        say "not ok ${1##*/}: made again it is another"
    fi
}

[ $# -gt 0 ] || set -- simd
for tier in "$@"; do
    targets=(pleura_wasm)
    [ "$tier" != simd ] || targets+=(pleura_wasm_codecs)
    cmake --preset "wasm-$tier" -B "$again/$tier" >/dev/null
    cmake --build "$again/$tier" --target "${targets[@]}" >"$again/log" || {
        cat "$again/log"
        die "The module cannot be built again."
    }
    for made in "$again/$tier"/pleura-*.{mjs,wasm}; do
        same "build/wasm-$tier/${made##*/}" "$made"
    done
done
printf 'pass %d\nfail %d\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 1 ]
