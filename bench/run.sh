#!/bin/bash
# Measures Pleura against its peers; see usage below.
set -euo pipefail
cd "$(dirname "$0")/.."
. toolchain/lib.sh

usage() {
    cat <<'END'
Usage: bench/run.sh [--quick] [--what LIST] [--nets LIST] [--engines LIST] [--places LIST] [--rounds N]
                    [--out FILE] | --report [FILE [FOLDER]]

Prepares what is missing (toolchain, builds, peers from npm, nets), measures, and prints tables.
With PLEURA_BENCH_FIRST=1, as root, the scheduler prefers the benchmark to all else on the machine.
Lists are separated by commas. Records are appended to FILE, by default build/bench/results.jsonl.

  --what     latency (the default), size, cold, line (from a file to an answer), batch, memory, learn
  --nets     shipped, mobilenetv2, resnet18, densenet121, mobilenetv2-int8, resnet18-int8 (all by
             default), or paths of ONNX files, with or without Pleura's metadata
  --engines  pleura, ort, litert, tfjs, or one variant: "pleura relaxed", "ort 2"
  --places   native, chromium (both)
  --rounds   how often every engine has its turn (10)
  --quick    build nothing and fetch nothing: what is there is measured
  --report   print the tables of what was measured before, and draw the plots (into FOLDER)
END
}

prepare() {
    toolchain/setup.sh native wasm node browser
    # shellcheck source=/dev/null
    . build/toolchain/env.sh
    for preset in native wasm-simd wasm-relaxed wasm-threads; do build_preset "$preset"; done
    npm_packages "$PWD"
    npm run --silent build
    npm_packages "$PWD/bench"
    /usr/bin/python3 -c 'import numpy, onnx, flatbuffers' 2>/dev/null ||
        die "The nets are written with python3-numpy, python3-onnx and python3-flatbuffers: apt-get install them."
}

case ${1-} in
-h | --help) usage && exit ;;
--quick) shift ;;
--report) ;;
*) prepare ;;
esac
# shellcheck source=/dev/null
. build/toolchain/env.sh
if [ "${1-}" = --report ]; then shift && exec node bench/report.mjs "$@"; fi
if [ "${PLEURA_BENCH_FIRST-}" = 1 ]; then
    exec setsid --wait bash -c 'echo -19 > /proc/self/autogroup; exec node bench/bench.mjs "$@"' bench "$@"
fi
exec node bench/bench.mjs "$@"
