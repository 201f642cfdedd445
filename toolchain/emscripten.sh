# Emscripten: the one on PATH if it is new enough (emsdk), else Debian's, unpacked into the cache
# beside our clang.
# shellcheck shell=bash disable=SC2034,SC2154

emscripten=$cache/emscripten-$emscripten_version
emscripten_label="Emscripten $emscripten_version (246 MB to fetch)"

emcc_on_path() {
    local version
    have emcc && version=$(emcc -dumpversion 2>/dev/null) &&
        at_least "$emscripten_oldest" "$version"
}

emscripten_ready() { [ -e "$emscripten/bin/emcc" ]; }

emscripten_make() {
    local debs=$cache/download/emscripten
    debian_fetch "$emscripten_suite" deb "$debs" emscripten binaryen libc6 libstdc++6 libgcc-s1 \
        node-acorn node-xtend
    tell_other_version "$debs" emscripten "$emscripten_version"
    rm -rf "$emscripten.part"
    mkdir -p "$emscripten.part"
    emscripten_unpack "$debs" "$emscripten.part"
    binaryen_unpack "$debs" "$emscripten.part/binaryen"
    emscripten_wrap "$emscripten.part"
    mv "$emscripten.part" "$emscripten"
    rm -rf "$debs"
}

# The package is 1.7 GB unpacked, nearly all of it prebuilt variants of libraries that we never
# link (LTO, position independent, 64 bit, GL, SDL, sanitizers). Its cache is complete and frozen:
# emcc builds nothing on first use.
emscripten_unpack() {
    local skip=() pattern
    for pattern in 'lto*' pic 'wasm64*' 'lib*asan*.a' 'libGL-*emu*' 'libGL-*ofb*' 'libGL-*es3*' \
        'libGL-*webgl2*' 'libwasmfs*.a' 'libembind*.a' 'lib*-ww*.a' 'lib*verbose*.a' \
        'lib*tracing*.a' 'lib*memvalidate*.a' 'lib*lsan*.a' 'lib*ubsan*.a' 'libSDL*.a' \
        'libwebgpu*.a'; do
        skip+=("--exclude=*/sysroot/lib/*/$pattern" "--exclude=*/sysroot/lib/$pattern")
    done
    unpack_deb "$1" emscripten "$2" --exclude=./usr/share/doc --exclude='./usr/share/*/docs' \
        "${skip[@]}"
    unpack_deb "$1" node-acorn "$2" --exclude=./usr/share/doc
    unpack_deb "$1" node-xtend "$2" --exclude=./usr/share/doc
    # JavaScript modules ignore NODE_PATH, and only Debian's own node looks in nodejs/ unasked.
    ln -sfn ../nodejs "$2/usr/share/emscripten/node_modules"
}

# Binaryen wants its own suite's C library, which may be newer than the system's: each program
# runs under the dynamic loader that came with it.
binaryen_unpack() {
    local package program
    mkdir -p "$2/bin"
    for package in binaryen libc6 libstdc++6 libgcc-s1; do
        unpack_deb "$1" "$package" "$2" --exclude=./usr/share
    done
    cat >"$2/bin/with-loader" <<'END'
#!/bin/sh
here=${0%/*}/../usr
for loader in "$here"/lib*/ld-linux-*.so.*; do :; done
for libraries in "$here"/lib/*-linux-gnu; do :; done
exec "$loader" --library-path "$libraries" "$here/bin/${0##*/}" "$@"
END
    chmod +x "$2/bin/with-loader"
    for program in "$2"/usr/bin/wasm*; do
        ln -s with-loader "$2/bin/${program##*/}"
    done
}

# The configuration asks the environment for what lies elsewhere, so the folder can be shared.
emscripten_wrap() {
    local program
    cat >"$1/emscripten.cfg" <<'END'
import os
LLVM_ROOT = os.environ['PLEURA_LLVM']
NODE_JS = os.environ['PLEURA_NODE']
BINARYEN_ROOT = os.path.join(os.environ['PLEURA_EMSCRIPTEN'], 'binaryen')
CACHE = os.path.join(os.environ['PLEURA_EMSCRIPTEN'], 'usr/share/emscripten/cache')
FROZEN_CACHE = True
END
    mkdir "$1/bin"
    cat >"$1/bin/with-config" <<END
#!/bin/sh
export PLEURA_EMSCRIPTEN='$emscripten' PLEURA_LLVM='$llvm/bin'
: "\${PLEURA_NODE:=$(node_bin)/node}"
export PLEURA_NODE EM_CONFIG="\$PLEURA_EMSCRIPTEN/emscripten.cfg" PYTHONDONTWRITEBYTECODE=1
export NODE_PATH="\$PLEURA_EMSCRIPTEN/usr/share/nodejs"
unset EM_CACHE # Debian's is complete
exec /usr/bin/python3 -E "\$PLEURA_EMSCRIPTEN/usr/share/emscripten/\${0##*/}.py" "\$@"
END
    chmod +x "$1/bin/with-config"
    for program in emcc em++ emar em-config; do ln -s with-config "$1/bin/$program"; done
}
