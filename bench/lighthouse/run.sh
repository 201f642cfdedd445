#!/bin/bash
# Runs Lighthouse on web/dist; see run.mjs. Its packages come from npm on first use, for this folder alone.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR disable=SC1091,SC2154
. "$(dirname "$0")/../../toolchain/lib.sh"
# shellcheck source=/dev/null
. "$facts/env.sh"
[ -e "$root/web/dist/index.html" ] || die "There is no page in web/dist: build it first (npm run build)."
npm_packages "$root/bench/lighthouse"
exec node "$root/bench/lighthouse/run.mjs" "$@"
