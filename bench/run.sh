#!/bin/bash
# Times Pleura against ONNX Runtime on the same model file, natively and in headless Chromium.
# bench/run.sh [--rounds N] [--model M.onnx] [--films DIR] [--only native|browser]
# Writes build/bench/results.json and prints a Markdown table. See bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. toolchain/lib.sh

toolchain/setup.sh native wasm node browser
# shellcheck source=/dev/null
. build/toolchain/env.sh
for preset in native wasm-simd wasm-relaxed; do
    cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset"
done
npm_packages "$PWD"
npm run build -w wasm
npm_packages "$PWD/bench"
exec node bench/bench.mjs "$@"
