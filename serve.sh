#!/bin/bash
# Builds the page and serves it on this machine; see usage below.
set -euo pipefail
. "$(dirname "$0")/toolchain/lib.sh"

usage() {
    cat <<'END'
Usage: ./serve.sh [--port N] [--build-only] [--docs]

Prepares the toolchain, builds the WebAssembly modules, the package and the page, and serves the
page at http://127.0.0.1:8080/ (or another port) until Ctrl-C. What is up to date is not built
again: the first start takes minutes, later ones seconds.

  --build-only  ends when the page is in web/dist
  --docs        puts the reference of the package and of the C library beside the page, as docs/
END
}

# The page is built again when anything that it is made of is newer.
page_is_fresh() {
    local page=$root/web/dist/index.html
    [ -e "$page" ] || return 1
    [ -z "$docs" ] || [ -e "$root/web/dist/docs/index.html" ] || return 1
    [ -z "$(cd "$root" && find package-lock.json tsconfig.base.json wasm web \
        models tests/fixtures build/wasm-simd/pleura-simd.* build/wasm-relaxed/pleura-relaxed.* \
        build/wasm-threads/pleura-threads.* ${docs:+core/include docs/api examples} \
        \( -path web/dist -o -path models/train -o -path docs/api/node_modules \) -prune \
        -o -type f -newer "$page" -print -quit)" ]
}

build_page() {
    page_is_fresh && say "      up to date" && return
    [ -z "$docs" ] || "$root/docs/api/build.sh"
    (cd "$root" && PLEURA_DOCS=$docs npm run --silent build)
}

main() {
    local port=8080 build_only='' docs=''
    while [ $# -gt 0 ]; do
        case $1 in
        --port) port=${2-} && shift $(($# > 1 ? 2 : 1)) ;;
        --port=*) port=${1#*=} && shift ;;
        --build-only) build_only=yes && shift ;;
        --docs) docs=yes && shift ;;
        -h | --help) usage && return ;;
        *) usage >&2 && exit 2 ;;
        esac
    done
    [[ $port =~ ^[0-9]{1,5}$ ]] || die "--port wants a number, not \"$port\"."
    # Asked now, not after minutes of building.
    [ -n "$build_only" ] || ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null ||
        die "Port $port is in use: stop what listens there, or choose another with --port."

    say "Pleura 1/4: toolchain"
    "$root/toolchain/setup.sh" wasm ${docs:+docs}
    # shellcheck source=/dev/null
    . "$facts/env.sh"
    say "Pleura 2/4: WebAssembly modules"
    build_preset wasm-simd
    build_preset wasm-relaxed
    build_preset wasm-threads
    say "Pleura 3/4: package and page"
    npm_packages "$root"
    build_page
    [ -z "$build_only" ] || return 0
    say "Pleura 4/4: serving; Ctrl-C ends it"
    exec node "$root/web/server.mjs" --root "$root/web/dist" --port "$port"
}
main "$@"
