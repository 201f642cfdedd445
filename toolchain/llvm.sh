# clang, lld, LLVM's tools and the sanitizer runtimes, unpacked into the cache. No root, and
# nothing on the system changes.
# shellcheck shell=bash disable=SC2034,SC2154

llvm=$cache/llvm-$llvm_version
llvm_label="clang $llvm_version (80 MB to fetch)"

llvm_packages=(clang-19 clang-format-19 lld-19 libclang-common-19-dev libclang-rt-19-dev)
llvm_libraries=(libllvm19 libclang-cpp19 libz3-4 libedit2 libxml2 libbsd0 libmd0 libtinfo6 libpfm4
    libicu72 liblzma5 libzstd1)
llvm_programs=(llvm-ar llvm-ranlib llvm-nm llvm-objcopy llvm-objdump llvm-strip llvm-size
    llvm-cxxfilt llvm-dwarfdump llvm-dwp llvm-symbolizer llvm-profdata llvm-cov) # of llvm-19

llvm_ready() { [ -e "$llvm/bin/clang" ]; }

llvm_make() {
    local debs=$cache/download/llvm package
    debian_fetch "$llvm_suite" deb "$debs" "${llvm_packages[@]}" "${llvm_libraries[@]}" llvm-19
    tell_other_version "$debs" clang-19 "$llvm_version"
    rm -rf "$llvm.part"
    mkdir -p "$llvm.part"
    for package in "${llvm_packages[@]}" "${llvm_libraries[@]}"; do
        unpack_deb "$debs" "$package" "$llvm.part" --exclude=./usr/share --exclude='*i386*'
    done
    unpack_deb "$debs" llvm-19 "$llvm.part" "${llvm_programs[@]/#/./usr/lib/llvm-19/bin/}"
    llvm_wrap "$llvm.part/bin"
    mv "$llvm.part" "$llvm"
    rm -rf "$debs"
}

# The programs need the libraries unpacked beside them, and nothing else may see those: each
# program's name in bin/ is a link to one script that sets LD_LIBRARY_PATH for it alone.
llvm_wrap() {
    local name
    mkdir "$1"
    cat >"$1/with-libraries" <<'END'
#!/bin/sh
here=${0%/*}/../usr/lib
for libraries in "$here"/*-linux-gnu; do :; done
export LD_LIBRARY_PATH="$libraries:$here/llvm-19/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/llvm-19/bin/${0##*/}" "$@"
END
    chmod +x "$1/with-libraries"
    for name in clang clang++ clang-format ld.lld wasm-ld "${llvm_programs[@]}"; do
        ln -s with-libraries "$1/$name"
    done
}
