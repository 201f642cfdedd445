#!/bin/bash
# Makes the reference of the JavaScript package (TypeDoc) and of the C headers (Doxygen) in build/api/, without scripts.
# A warning of either is a failure. ./serve.sh --docs puts it beside the page.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../../toolchain/lib.sh"
cd "$root"
# shellcheck source=/dev/null
. "$facts/env.sh"
npm_packages "$root"
npm_packages "$root/docs/api"
rm -rf build/api
mkdir -p build/api
doxygen docs/api/Doxyfile
node docs/api/node_modules/typedoc/bin/typedoc --options docs/api/typedoc.json --logLevel Warn
node docs/api/plain.mjs build/api

# Built is not enough: every function and every export has its page or place.
bad=0
while read -r name; do
    grep -rqF "$name" build/api/c || { say "build/api/c says nothing of $name."; bad=1; }
done < <(grep '^pleura_' core/pleura.symbols)
for name in load loadInWorker loadPool; do
    [ -s "build/api/js/functions/$name.html" ] || { say "build/api/js says nothing of $name."; bad=1; }
done
# The examples, which tests/browser/package.test.mjs and tests/library/test_install.sh run, are in it.
grep -rqF openAsBlob build/api/js || { say "build/api/js has no example."; bad=1; }
grep -qF pleura_report_json build/api/c/index.html || { say "build/api/c has no example."; bad=1; }
[ "$bad" = 0 ]
say "build/api/index.html"
