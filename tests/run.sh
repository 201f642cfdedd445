#!/bin/bash
# Builds everything and runs every test; see usage below.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../toolchain/lib.sh"

usage() {
    cat <<'END'
Usage: tests/run.sh [--quick]

Prepares what is missing (toolchain, npm packages, Chromium, Firefox), builds the native and WebAssembly
variants and runs all tests: C unit tests and CLI, the same under sanitizers, Node, browser.
Ends with "N passed, N failed", and with exit status 1 if anything failed.

  --quick  the native C tests only
END
}

logs=$root/build/test-logs
passed=0 failed=0 failures=()

# The last count of a word in a log, from ctest or from Node's test runner in any of its formats.
count() { # passed|failed LOG
    local total bad word=pass ctest='s/.* ([0-9]+) tests? failed out of ([0-9]+).*/\1 \2/p'
    if read -r bad total < <(sed -nE "$ctest" "$2") && [ -n "$total" ]; then
        [ "$1" = failed ] && echo "$bad" || echo $((total - bad))
    else
        [ "$1" = passed ] || word=fail
        sed -nE "s/^[^ ]* ?$word ([0-9]+)\$/\1/p" "$2" | awk '{ sum += $1 } END { print sum + 0 }'
    fi
}

# stage NAME COMMAND...: runs it, shows and keeps its output, and goes on after a failure.
stage() {
    local name=$1 log="$logs/${1// /-}.log" start=$SECONDS status=0 bad
    shift
    say "==== $name"
    "$@" 2>&1 | tee "$log" || status=1
    bad=$(count failed "$log")
    [ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1 # it failed otherwise than in a test
    passed=$((passed + $(count passed "$log"))) failed=$((failed + bad))
    [ "$bad" = 0 ] || failures+=("$name")
    say "==== $name: $([ "$bad" = 0 ] && echo ok || echo FAILED), $((SECONDS - start)) s"
    [ "$bad" = 0 ]
}

# A variant's tests only make sense if it builds.
native() { # PRESET
    if stage "build $1" build_preset "$1"; then stage "test $1" ctest --preset "$1" || true; fi
}

modules() {
    stage "build wasm-simd" build_preset wasm-simd &&
        stage "build wasm-relaxed" build_preset wasm-relaxed &&
        stage "build wasm-threads" build_preset wasm-threads &&
        stage "npm packages" npm_packages "$root" &&
        stage "npm packages of the tests" npm_packages "$root/tests" &&
        stage "API reference" docs/api/build.sh &&
        stage "build page" env PLEURA_DOCS=yes npm run --silent build
}

all() {
    # shellcheck source=/dev/null
    . "$facts/env.sh"
    native native
    native asan
    modules || return 0
    stage "build a module again" tests/reproducible.sh || true
    stage "check types" npm run --silent typecheck || true
    stage "test node" npm run --silent test:node || true
    stage "test browser" npm run --silent test:browser || true
}

main() {
    local quick=
    case ${1-} in
    '') ;;
    --quick) quick=yes ;;
    -h | --help) usage && return ;;
    *) usage >&2 && exit 2 ;;
    esac
    cd "$root"
    mkdir -p "$logs"
    if [ -n "$quick" ]; then
        if stage "toolchain" toolchain/setup.sh native judges; then native native; fi
    else
        if stage "toolchain" toolchain/setup.sh; then all; fi
    fi
    [ ${#failures[@]} = 0 ] || say "Failed: $(printf '%s, ' "${failures[@]}" | sed 's/, $//')" \
        "(output in build/test-logs)"
    say "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

main "$@"
