#!/bin/bash
# Makes the toolchain ready; see usage below.
# shellcheck disable=SC2154
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
for part in versions lib debian packages node llvm emscripten sources testdata nginx; do
    # shellcheck source=/dev/null
    . "$here/$part.sh"
done

usage() {
    cat <<'END'
Usage: toolchain/setup.sh [native] [wasm] [node] [browser] [docs] [judges]

Makes ready what building and testing need (all six when none is named); takes no time when it
is all there. Apart from a few system packages (apt-get, as root) everything goes to the folder
$PLEURA_CACHE, or else ${XDG_CACHE_HOME:-~/.cache}/pleura; deleting that undoes it.

  native   clang, CMake, Ninja, the upstream sources, ONNX's test cases
  wasm     the same, Emscripten and Node.js
  node     Node.js 22 or newer, npm
  browser  Chromium, Firefox and nginx, for the browser tests
  docs     Doxygen, for docs/api
  judges   DCMTK, GDCM, dicom3tools, pydicom and libjpeg's tools, which the tests of images compare with;
           python3-onnx, which writes models as other exporters do

Then: cmake --preset native && cmake --build --preset native (or asan, wasm-simd, wasm-relaxed).
For the same node, emcc and clang in your own shell: . build/toolchain/env.sh
END
}

# emsdk on PATH spares us Emscripten, and the clang beside it usually serves natively too.
native_clang() {
    if emcc_on_path && have clang++ && have ld.lld &&
        at_least "$clang_oldest" "$(clang -dumpversion)"; then
        dirname "$(command -v clang)"
    else
        printf '%s\n' "$llvm/bin"
    fi
}

# The things to make for one part, in order; each is three names in a script beside this one:
# THING_label, THING_ready, THING_make.
things_for() {
    case $1 in
    native) [ "$(native_clang)" != "$llvm/bin" ] || echo llvm ;;
    wasm) printf '%s\n' node && { emcc_on_path || printf '%s\n' llvm emscripten; } ;;
    node) echo node ;;
    browser) echo nginx ;;
    esac
    case $1 in native | wasm) echo sources ;; esac
    case $1 in native) echo testdata ;; esac
}

make_things() {
    local thing label todo=() number=0
    for thing in "$@"; do
        "${thing}_ready" || [[ " ${todo[*]} " = *" $thing "* ]] || todo+=("$thing")
    done
    for thing in "${todo[@]}"; do
        label=${thing}_label
        say "[$((number += 1))/${#todo[@]}] ${!label}"
        "${thing}_make"
    done
}

# What CMake's toolchain files and env.sh need to know of this machine.
write_facts() {
    local emcc clang
    write_file "$facts/native.cmake" <<END
set(PLEURA_CLANG_BIN "$(native_clang)")
set(PLEURA_ONNX_CASES "$testdata_cases")
END
    if emcc_on_path; then
        emcc=$(command -v emcc)
        clang=$(em-config LLVM_ROOT)
    elif emscripten_ready; then
        emcc=$emscripten/bin/emcc
        clang=$llvm/bin
    fi
    [ -z "${emcc-}" ] || write_file "$facts/wasm.cmake" <<END
set(PLEURA_EMCC "$emcc")
set(PLEURA_CLANG_BIN "$clang")
set(PLEURA_WASM_FLAGS "$("$emcc" --cflags | tail -n 1)")
END
    write_file "$facts/env.sh" <<END
export PATH="$(node_bin):${emcc:+${emcc%/*}:}\$PATH"
export PLEURA_ONNX_CASES="$testdata_cases"
export PLEURA_NGINX="$nginx_home"
export ASAN_SYMBOLIZER_PATH="$(native_clang)/llvm-symbolizer"
END
}

main() {
    local part things=() packages=()
    case ${1-} in -h | --help) usage && return ;; esac
    [ $# -gt 0 ] || set -- native wasm node browser docs judges
    for part in "$@"; do
        case $part in native | wasm | node | browser | docs | judges) ;; *) usage >&2 && exit 2 ;; esac
        [ "$part" != wasm ] || mapfile -t -O ${#packages[@]} packages < <(packages_for node)
        mapfile -t -O ${#packages[@]} packages < <(packages_for "$part")
        mapfile -t -O ${#things[@]} things < <(things_for "$part")
    done
    lock_cache
    mapfile -t packages < <(printf "%s\n" "${packages[@]}" | awk NF | sort -u)
    [ ${#packages[@]} -eq 0 ] || packages_install "${packages[@]}"
    make_things "${things[@]}"
    write_facts
}
main "$@"
