#!/usr/bin/env bash
# Every command of docs/from-rest-api.md, as it stands there, on the fixtures.
#   test_from_rest_api.sh PLEURA MODEL
set -euo pipefail
pleura=$(realpath "$1")
PLEURA_MODEL=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
FILMS=$(realpath "$here/../fixtures/films")
export FILMS PLEURA_MODEL
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir bin
ln -s "$pleura" bin/pleura
{
    echo 'set -euo pipefail'
    sed -n '/^```sh$/,/^```$/p' "$here/../../docs/from-rest-api.md" | grep -v '^```'
} >commands.sh
PATH=$work/bin:$PATH bash -x commands.sh >log 2>&1 || { cat log; echo "not ok: the commands"; exit 1; }
films=$(find "$FILMS" -name '*.jpg' | wc -l)
for rows in answers.jsonl:$films listed.jsonl:$films timed.jsonl:$((20 * films)) answers.csv:$((films + 1)); do
    [ "$(wc -l <"${rows%:*}")" = "${rows#*:}" ] || { echo "not ok: ${rows%:*}"; exit 1; }
done
grep -Eq '^median [0-9.]+ ms, 99 % under [0-9.]+ ms' log
echo "ok: the commands of docs/from-rest-api.md"
