#!/bin/bash
# Looks for mistakes in core/, wasm/ and tests/fuzz without the tests' help; see usage, and docs/testing.md.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../toolchain/lib.sh"

usage() {
    cat <<'END'
Usage: tests/analyse.sh [cppcheck] [gcc] [tidy] [valgrind]

Runs the analysers that are named, or all, and exits with 1 if any found something. Needs Debian's
packages cppcheck, gcc, clang-tidy-19 and valgrind, and build/native built.

  cppcheck  core/src, wasm, tests/fuzz                   (seconds)
  gcc       gcc -fanalyzer on them                       (half a minute)
  tidy      clang-tidy, as .clang-tidy says              (minutes)
  valgrind  memcheck on every program of tests/unit, and on the kernels with SIMD and without
            (half an hour)
END
}

tree=$root/build/native

# stb.c is stb_image, which is not ours.
sources() { find "$root/core/src" -name '*.c' ! -path '*/image/stb.c' | sort; }
others() { printf '%s\n' "$root"/wasm/*.c "$root"/tests/fuzz/*.c; }

# What wasm/ takes from Emscripten, for compilers that are not: two macros.
stand_in=$tree/analyse
make_stand_in() {
    mkdir -p "$stand_in"
    printf '#define %s\n' EMSCRIPTEN_KEEPALIVE \
        'EM_JS(type, name, parameters, ...) type name parameters;' >"$stand_in/emscripten.h"
}

run_cppcheck() {
    # One configuration a macro is enough: 2 of them are "with" and "without".
    cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --max-configs=2 \
        --enable=warning,performance,portability --suppress=toomanyconfigs -DFAMILY=FAMILY_JPEG \
        --template='{file}:{line}: {severity}: {message} [{id}]' -I "$stand_in" \
        -I "$root/core/include" -I "$root/core/src" "$root/core/src" "$root"/wasm/*.c "$root"/tests/fuzz/*.c
}

# The folders of headers that the native build's commands name.
includes() {
    python3 - "$tree/compile_commands.json" <<'END'
import json
import shlex
import sys
found = {}
for entry in json.load(open(sys.argv[1])):
    if '/core/src/' in entry['file']:
        words = shlex.split(entry['command'])
        found.update({'-isystem' + after: 0 for word, after in zip(words, words[1:]) if word == '-isystem'})
        found.update({word: 0 for word in words if word.startswith('-I')})
print('\n'.join(found))
END
}

# For `others`, of which no compile command is kept; FAMILY is one of several.
others_flags() { printf '%s\n' -DPLEURA_TEST_ALLOCATION -DFAMILY=FAMILY_JPEG -I"$stand_in"; }

# GCC 12 loses sight of arrays filled in loops, and of what is kept in tables: valgrind and the
# address sanitizer look for these two.
run_gcc() {
    local folders words bad=0
    mapfile -t folders < <(includes)
    mapfile -t words < <(others_flags)
    local gcc=(xargs -P 2 -I{} gcc -std=c11 -O1 -fanalyzer -Werror -c {} -o /dev/null
        -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-malloc-leak "${folders[@]}")
    sources | "${gcc[@]}" || bad=1
    others | "${gcc[@]}" "${words[@]}" || bad=1
    return $bad
}

run_tidy() {
    local words bad=0
    mapfile -t words < <(includes && others_flags)
    sources | xargs -P 2 -n 4 clang-tidy-19 --quiet -p "$tree" || bad=1
    others | xargs -P 2 -I{} clang-tidy-19 --quiet --config-file="$root/.clang-tidy" {} -- -std=c11 \
        "${words[@]}" || bad=1
    return $bad
}

run_valgrind() {
    local test log=$tree/valgrind.log bad=0 ran=0
    for test in "$tree"/tests/test_*; do
        [ -f "$test" ] && [ -x "$test" ] || continue
        ran=$((ran + 1))
        valgrind --quiet --error-exitcode=9 --leak-check=full \
            --errors-for-leak-kinds=definite,indirect,possible "$test" >"$log" 2>&1 && continue
        say "${test##*/}" && cat "$log"
        bad=1
    done
    [ "$ran" -gt 0 ] || die "There are no unit tests in $tree/tests: build them first."
    return $bad
}

case ${1-} in -h | --help) usage && exit ;; esac
[ $# -gt 0 ] || set -- cppcheck gcc tidy valgrind
cd "$root"
cmake --preset native -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null
make_stand_in
found=0
for part in "$@"; do
    say "==== $part"
    case $part in
    cppcheck | gcc | tidy | valgrind) "run_$part" || found=1 ;;
    *) usage >&2 && exit 2 ;;
    esac
done
[ $found = 0 ] && say "nothing found"
exit $found
