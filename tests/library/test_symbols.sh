#!/bin/bash
# The library never prints, aborts or exits, everything it defines is called pleura_..., and the
# shared one exports the functions of its header, no more and no fewer:
# test_symbols.sh NM LIBRARY.a LIBRARY.so CLANG CORE
set -euo pipefail
nm=$1 library=$2 shared=$3 clang=$4 core=$5 bad=0

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

# same NAME LIST LIST: the second is what is there, the first what should be
same() {
    diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") && return
    echo "not ok: $1 (< should be, > is)"
    bad=1
}
listed=$(grep '^pleura_' "$core/pleura.symbols")
declared=$(for header in "$core"/include/pleura/*.h; do
    "$clang" -fsyntax-only -I "$core/include" -Xclang -ast-dump -fno-color-diagnostics "$header"
done | sed -nE "s/.*FunctionDecl .* (pleura_[a-z0-9_]+) '.*/\1/p" | LC_ALL=C sort -u)
same "core/pleura.symbols lists what the public headers declare" "$declared" "$listed"
same "the shared library exports what core/pleura.symbols lists" "$listed" \
    "$("$nm" -D --defined-only "$shared" | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' |
        LC_ALL=C sort)"
exit $bad
