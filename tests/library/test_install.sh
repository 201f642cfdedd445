#!/bin/bash
# The installed tree, as a user of the library meets it: the example is built against it with CMake
# and with pkg-config, and answers as the command line does.
#   test_install.sh CMAKE BUILD_TREE CC CXX EXAMPLE FILM
set -euo pipefail
cmake=$1 tree=$2 cc=$3 cxx=$4 example=$5 film=$6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Installed in one place and then moved: nothing in it may know where it was.
"$cmake" --install "$tree" --prefix "$work/first" >log || { cat log; exit 1; }
mv first tree
model=tree/share/pleura/models/child-pneumonia/model.onnx
[ -s "$model" ] && [ "$(find tree/share/doc/pleura -name 'LICENSE*' -size +0 | wc -l)" = 11 ]

"$cmake" -S "$example" -B cmake -DCMAKE_PREFIX_PATH="$work/tree" -DCMAKE_C_COMPILER="$cc" >log &&
    "$cmake" --build cmake >>log || { cat log; exit 1; }
export PKG_CONFIG_PATH=$work/tree/lib/pkgconfig
[ "$(pkg-config --modversion pleura)" = "$(tree/bin/pleura --version | cut -d' ' -f2)" ]
# shellcheck disable=SC2046
"$cc" -std=c11 -Wall -Wextra -Werror "$example/classify.c" $(pkg-config --cflags --libs pleura) \
    -Wl,-rpath,"$work/tree/lib" -o by-hand
printf '#include <pleura/pleura.h>\nint main() { return *pleura_version() == 0; }\n' >face.cc
# shellcheck disable=SC2046
"$cxx" -Wall -Wextra -Werror face.cc $(pkg-config --cflags --libs pleura) \
    -Wl,-rpath,"$work/tree/lib" -o face && ./face

plain() { sed -E 's/,"ms":.*//'; } # the time that it took is no part of the answer
wanted=$(env -u PLEURA_MODEL tree/bin/pleura classify --json "$film" | plain) # with the model installed
[[ $wanted == *'"probabilities":{"'* ]]
for program in cmake/classify by-hand; do
    [ "$("./$program" "$model" "$film" | plain)" = "$wanted" ] ||
        { echo "not ok: $program does not answer as the command line"; exit 1; }
    if "./$program" "$model" face.cc 2>said; then exit 1; fi
    grep -q 'is a text file' said || { cat said; exit 1; }
    if "./$program" "$model" no-film 2>said; then exit 1; fi
    grep -q 'cannot be opened: No such file' said || { cat said; exit 1; }
    if "./$program" "$work" face.cc 2>said; then exit 1; fi
    grep -q 'cannot be read: Is a directory' said || { cat said; exit 1; }
done
echo "ok: find_package and pkg-config"
