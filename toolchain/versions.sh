# What the toolchain is made of. Upstream sources are pinned in deps/sources.txt.
# shellcheck shell=bash disable=SC2034,SC2154

# One compiler for native and wasm, and on every Debian: bookworm's runs on newer systems too.
llvm_suite=bookworm
llvm_version=19.1.7

emscripten_suite=trixie
emscripten_version=3.1.69
emscripten_oldest=3.1.50 # accepted when it is on PATH already

sources_suite=trixie

testdata_suite=trixie # libonnx-testdata 1.17.0-3
testdata_sha256=d2d352c25a62c5544781cd7fb08c41507cd2bbded859f8e804ac8594329077bd

nginx_suite=bookworm
nginx_version=1.22.1

node_oldest=22 # relaxed SIMD is on by default from here
node_version=22.23.3
node_sha256_x64=00b5c43d88958dbbf45339c4d5e9a76289c7e25876fd08270b379e485e151fc5
node_sha256_arm64=894b9938b215d40b3a38db094ef436d02b3bc7dd16f04fca145a4735cd9e9035

cmake_oldest=3.25
clang_oldest=16 # accepted natively when emcc came from PATH, so that nothing of ours is fetched
