#!/bin/bash
# The library never prints, aborts or exits, and everything it exports is called pleura_...:
# test_symbols.sh NM LIBRARY.a
set -euo pipefail
nm=$1 library=$2 bad=0

wanted=$("$nm" --undefined-only "$library" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u)
for name in printf puts putchar fprintf fputs fwrite perror abort exit _Exit __assert_fail; do
    if grep -qx "$name" <<<"$wanted"; then
        echo "not ok: the library calls $name"
        bad=1
    fi
done
grep -qx malloc <<<"$wanted" || { echo "not ok: $nm shows no malloc, so it shows nothing"; bad=1; }

strangers=$("$nm" --defined-only --extern-only "$library" 2>/dev/null |
    awk 'NF == 3 && $3 !~ /^pleura_/ { print $3 }')
if [ -n "$strangers" ]; then
    echo "not ok: exported without our prefix: $strangers"
    bad=1
fi
exit $bad
