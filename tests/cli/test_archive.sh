#!/usr/bin/env bash
# Archives: --resume after a process was killed, and every command of docs/archive.md, as it stands
# there, on an archive of the fixtures. Needs GNU parallel and node.
#   test_archive.sh PLEURA MODEL
set -u
# shellcheck source=checks.sh
. "$(dirname "$0")/checks.sh"
pleura=$(realpath "$1")
model=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
node "$here/make_files.mjs" "$work" || exit 1
export PLEURA_MODEL=model.onnx

plain() { sed -E 's/,"ms":.*//' "$@"; } # rows without their times, which differ from run to run
same() { is "$1" "$(plain "$2" | sha256sum)" "$(plain "$3" | sha256sum)"; } # NAME FILE FILE
resume() { "$pleura" classify --json --output out.jsonl --resume "$@" 2>err.txt; }

# ---- Killed in the middle ----

for i in $(seq 400); do
    case $((i % 3)) in 0) name=cut ;; 1) name=film ;; 2) name=bright ;; esac
    ln "$name.png" "f$i.png"
    echo "f$i.png"
done >list.txt
echo film.png >>list.txt # twice
echo film.png >>list.txt
"$pleura" classify --json --output whole.jsonl - <list.txt
is "a whole run exits with 1 for its bad films" $? 1

# It waits for the rest of its list when it is killed: the writer's end stays open.
mkfifo list.pipe
"$pleura" classify --json --output out.jsonl - <list.pipe &
child=$!
exec 3>list.pipe
head -250 list.txt >&3
until [ "$(wc -l 2>/dev/null <out.jsonl)" = 250 ] || ! kill -0 $child; do sleep 0.05; done
kill -9 $child
wait $child 2>/dev/null
exec 3>&-
is "a killed process leaves the rows that it wrote" "$(plain out.jsonl | sha256sum)" \
    "$(head -250 whole.jsonl | plain | sha256sum)"
resume - <list.txt
is "--resume exits as the whole run would" $? 1
same "and has done the rest, in order" out.jsonl whole.jsonl
before=$(sha256sum <out.jsonl)
resume - <list.txt
is "again, there is nothing left to do" "$? $(sha256sum <out.jsonl)" "1 $before"

# In the middle of a row, wherever that may be: of the 251st row so many bytes were written.
row=$(sed -n 251p whole.jsonl)
for bytes in 1 11 30 38 60 200 ${#row}; do
    head -250 whole.jsonl >out.jsonl
    printf '%s' "${row:0:bytes}" >>out.jsonl
    resume - <list.txt
    same "killed $bytes bytes into a row" out.jsonl whole.jsonl
done
tac list.txt >backwards.txt
head -250 whole.jsonl >out.jsonl
resume - <backwards.txt
is "a list in another order" "$(plain out.jsonl | sort | sha256sum)" \
    "$(plain whole.jsonl | sort | sha256sum)"
rm out.jsonl
resume film.png
is "nothing to go on from is a start" "$? $(wc -l <out.jsonl)" "0 1"

# Names that JSON writes otherwise, and names that it cannot tell apart.
mkdir odd
for name in 'a"b' $'a\nb' $'a\\' $'\xff' $'\xfe' "$(printf 'x%.0s' {1..240})"; do
    ln film.png "odd/$name.png"
done
"$pleura" classify --json odd >whole-odd.jsonl
for rows in 1 3 5; do
    head -$rows whole-odd.jsonl >out.jsonl
    resume odd
    same "odd names, after $rows rows" out.jsonl whole-odd.jsonl
done

# ---- What is not gone on with ----

refused() { # NAME WORDS COMMAND...: exit 3, the words, and the file as it was
    local name=$1 words=$2 before
    before=$(sha256sum <out.jsonl)
    shift 2
    "$@"
    is "$name is refused" "$? $(grep -c "$words" err.txt) $(sha256sum <out.jsonl)" "3 1 $before"
}
cp whole.jsonl out.jsonl
PLEURA_MODEL=plain.onnx refused "another model" "line 1 of out.jsonl was answered by another model" \
    resume - <list.txt
echo "Dear colleague" >>out.jsonl
refused "a line that is no row" "line 403 of out.jsonl is no answer" resume - <list.txt
printf 'Dear colleague' >out.jsonl
refused "the start of something else" "line 1 of out.jsonl is no answer" resume film.png
printf '{"schema":"pleura.result/1","file":"x' >out.jsonl
chmod a-w out.jsonl
[ -w out.jsonl ] || refused "a file that is not to be written" "cannot be written" resume film.png
for wrong in "classify --resume film.png" "classify --json --resume film.png" \
    "classify --csv --output out.jsonl --resume film.png" \
    "tensor --output out.jsonl --resume film.png"; do
    # shellcheck disable=SC2086
    "$pleura" $wrong >/dev/null 2>err.txt
    is "$wrong exits with 2" "$? $(grep -c -- '--resume is for' err.txt)" "2 1"
done

# ---- docs/archive.md ----

mkdir archive book
cp -r "$here/../fixtures/films" archive/children
cp "$here"/../fixtures/films/*.jpg archive/
cp cut.png "archive/a name with spaces.png"
cp bright.png archive/sm\"all.png
export ARCHIVE=$work/archive PLEURA_MODEL=$model
mkdir bin
ln -s "$pleura" bin/pleura
find archive -name '*.csv' -delete
{
    echo 'set -euo pipefail'
    sed -n '/^```sh$/,/^```$/p' "$here/../../docs/archive.md" | grep -v '^```'
} >book/commands.sh
(cd book && PATH=$work/bin:$PATH bash commands.sh >log 2>&1) || { cat book/log; false; }
is "the commands of docs/archive.md work" $? 0
films=$(find archive -type f | wc -l)
is "and answer every film" "$(wc -l <book/answers.jsonl)" "$films"
LC_ALL=C sort book/answers.jsonl >answers.jsonl
for rows in all joined once; do
    same "$rows.jsonl has the same rows in the one order" "book/$rows.jsonl" answers.jsonl
done
same "--keep-order keeps the list's" book/in-order.jsonl <(
    "$pleura" classify --json - <book/films.txt)
is "--resume found every part done" "$(cd book && PATH=$work/bin:$PATH parallel \
    'cp {} {}.x; pleura classify --json --output {} --resume - <{.} || true; cmp {} {}.x' \
    ::: parts/list-*.jsonl 2>&1 | grep -c differ)" 0

all_checked
