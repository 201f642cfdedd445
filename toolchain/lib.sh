# Helpers of the scripts here, of serve.sh and of tests/run.sh.
# shellcheck shell=bash disable=SC2034,SC2154

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${PLEURA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pleura}
facts=$root/build/toolchain # what setup found or made, for CMake and for env.sh

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least 3.25 3.31.2: is the second version as new as the first?
at_least() { printf '%s\n' "$1" "$2" | sort -V -C; }

# Writes standard input to a file, in one move, and only if that changes it: CMake reconfigures
# when a file that it included is newer.
write_file() {
    local new=$1.$$.part
    mkdir -p "${1%/*}"
    cat >"$new"
    if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
}

# check_sha256 FILE SUM
check_sha256() {
    printf '%s  %s\n' "$2" "$1" | sha256sum --check --quiet >/dev/null 2>&1 && return
    rm -f "$1"
    die "${1##*/} does not have the SHA-256 $2 that this project pins; it was deleted, try again."
}

# One set-up at a time for each cache: two would unpack over each other.
lock_cache() {
    mkdir -p "$cache" || die "Cannot write to $cache (set PLEURA_CACHE to another folder)."
    exec 9>"$cache/lock"
    flock --nonblock 9 && return
    say "Waiting for another set-up that is using $cache ..."
    flock 9
}

# A toolchain that changed or moved wants a fresh start: CMake would go on with the old one.
build_preset() {
    local tree=$root/build/$1
    if [ ! -e "$tree/build.ninja" ] || [ "$facts/env.sh" -nt "$tree/CMakeCache.txt" ]; then
        (cd "$root" && cmake --fresh --preset "$1")
    fi
    (cd "$root" && cmake --build --preset "$1")
}

# npm writes node_modules/.package-lock.json last, so it tells of a complete installation.
# --ignore-scripts: onnxruntime-node would download more, which nothing here uses.
npm_packages() { # FOLDER
    [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
        (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund)
}
