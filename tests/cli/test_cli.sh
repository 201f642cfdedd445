#!/usr/bin/env bash
# The command line from outside: exit statuses, forms of output, lists, folders, bad files.
#   test_cli.sh PLEURA [MODEL]
# Prints a line "ok" or "not ok" for each check; the exit status is 1 if any failed. Needs node.
# MODEL, where it exists, is tried on tests/fixtures/films too.
set -u
# shellcheck source=checks.sh
. "$(dirname "$0")/checks.sh"
pleura=$(realpath "$1")
model=$(realpath -m "${2:-none}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
node "$here/make_files.mjs" "$work" || exit 1
unset PLEURA_MODEL

# run ARGUMENT...: sets $out, $err, $status
run() {
    "$pleura" "$@" >out.txt 2>err.txt
    status=$?
    out=$(<out.txt)
    err=$(<err.txt)
}

rows() { node "$here/check_rows.mjs" <out.txt | tr '\n' ','; }

# ---- The schema's lists are the header's ----

# x_names PREFIX: the names in the X(PREFIX..., number, "name") lists of pleura.h, as a JSON list
x_names() {
    grep -oE "X\\($1, [0-9]+, \"[a-z_]+\"" "$here/../../core/include/pleura/pleura.h" |
        grep -oE '"[a-z_]+"' | sort | tr '\n' ' '
}
schema_names() {
    node -p "const s = JSON.parse(require('fs').readFileSync('$here/../../docs/result.schema.json'));
        $1.map((name) => JSON.stringify(name) + ' ').sort().join('')"
}
is "error codes" "$(schema_names s.properties.error.properties.code.enum)" \
    "$(x_names 'ERROR_[A-Z_]+')"
is "reason codes" "$(schema_names s.properties.reasons.items.properties.code.enum)" \
    "$(x_names '(NEAR|TOO_SMALL|BLANK|COLOUR|PROPORTIONS|NO_FINDING|NOT_C|LATERAL|INVERTED|ROTATED|CROPPED|ADULT)[A-Z_]*')"

# ---- Usage ----

run --help
is "--help exits with 0" $status 0
says "--help says what it is not" "$out" "not a medical device"
run --version
says "--version names the version" "$out" "pleura "
run
is "no command exits with 2" $status 2
run classfy x
is "a wrong command exits with 2" $status 2
says "and is named" "$err" "classfy"
run classify
is "no file exits with 2" $status 2
run classify --jason film.png
is "a wrong option exits with 2" $status 2
for bad in -1 2 x nan ""; do
    run classify --threshold "$bad" film.png
    is "the threshold '$bad' exits with 2" $status 2
done
run classify --threads 0 film.png
is "no threads exits with 2" $status 2
run classify film.png --model
is "an option without its value exits with 2" $status 2

# ---- The model ----

run classify --model none.onnx film.png
is "a missing model exits with 3" $status 3
says "and says which" "$err" "none.onnx"
run classify --model broken.onnx film.png
is "a broken model exits with 3" $status 3
cp "$pleura" alone
./alone classify film.png >out.txt 2>err.txt
is "no model exits with 3" $? 3
says "and says how to give one" "$(<err.txt)" "--model"
PLEURA_MODEL=model.onnx ./alone classify --json film.png >out.txt
is "PLEURA_MODEL is used" "$? $(rows)" "0 film.png no_finding,"
run info model.onnx
is "info exits with 0" $status 0
says "info names the model" "$out" "brightness"
run info --json model.onnx
is "info --json is JSON" "$(node -p 'JSON.parse(require("fs").readFileSync("out.txt")).name')" \
    brightness

# ---- What was read ----

run inspect film.dcm film.png
is "inspect exits with 0" $status 0
says "inspect: encoding" "$out" "explicit little endian (not named: told by content)"
says "inspect: frames" "$out" "4 columns x 2 rows, 1 sample a pixel, 2 frames, of which the first"
says "inspect: bits" "$out" "12 of 16, up to bit 11, unsigned"
says "inspect: age" "$out" "1.5 years"
says "inspect: values" "$out" "0 to 3500 stored; 0 becomes 0, 4095 becomes 65535"
says "inspect: what is not said" "$out" $'body part            -\n'
says "inspect: another format" "$out" $'format               PNG\npicture              128 x 128'
run inspect --json film.dcm
is "inspect --json" "$(node -p 'const i = JSON.parse(require("fs").readFileSync("out.txt"));
    [i.schema, i.width, i.dicom.view_position, i.dicom.frames, i.dicom.body_part].join()')" \
    pleura.image/1,4,PA,2,
numbers() { od -An -v -t"$1" numbers | tr -s ' \n' ' '; }
run inspect --stored film.dcm --output numbers
is "inspect --stored" "$status$(numbers d4)" "0 0 500 1000 1500 2000 2500 3000 3500 "
run inspect --grey film.dcm --output numbers
is "inspect --grey" "$status$(numbers u2)" "0 0 8002 16004 24005 32007 40009 48011 56013 "
run inspect --stored film.png
is "stored values of a PNG exit with 1" $status 1
says "and are none" "$err" "Stored values are read from DICOM files only; this is a PNG. (format)"
run inspect cut.dcm missing.dcm film.png
is "inspect: bad files exit with 1" $status 1
says "inspect: truncated" "$err" "cut.dcm: DICOM: PixelData has"
says "inspect: missing" "$err" "missing.dcm: The file cannot be opened"
says "inspect: the others are described" "$out" "128 x 128"
run inspect
is "inspect without a file exits with 2" $status 2
run inspect --grey film.dcm film.dcm
is "inspect --grey of two files exits with 2" $status 2

# ---- Answers ----

run classify --model model.onnx --json film.png bright.png
is "answers exit with 0" $status 0
is "JSON rows" "$(rows)" "film.png no_finding,bright.png finding,"
p=$(node -p 'JSON.parse(require("fs").readFileSync("out.txt", "utf8").split("\n")[1])
    .probabilities.bright.toFixed(3)')
is "the probability is the one computed by hand" "$p" 0.828
run classify --model model.onnx --json --threshold 0.1 film.png
is "--threshold is used" "$(rows)" "film.png finding,"
run classify --model model.onnx --json --heatmap film.png blank.png
is "--heatmap says where the evidence lies, where there is an answer" \
    "$(grep -cE '"heatmap":\{"answer":"[a-z_]+","zone":("[a-z_]+"|null)' <out.txt)" 1
run classify --model=model.onnx --json --threshold=0.1 -- film.png
is "--name=value and -- work" "$(rows)" "film.png finding,"
run classify --model model.onnx --json photo.png small.png strip.png blank.png
is "refusals are answers" $status 0
is "refusals have reasons" "$(rows)" "photo.png cannot_say colour,small.png cannot_say too_small,\
strip.png cannot_say proportions,blank.png cannot_say blank,"
run classify --model plain.onnx --json film.png
is "a model without metadata" "$(rows)" "film.png cannot_say no_finding_defined,"
run classify --model model.onnx film.png
says "rows for people" "$out" "no finding"
says "and the warning" "$err" "nothing here is a diagnosis"
run classify --model model.onnx --csv film.png cut.png
is "CSV: a header and a row each" "$(wc -l <out.txt)" 3
says "CSV: the header" "$out" "file,outcome,finding,p_dark,p_bright,threshold"
says "CSV: a fault" "$out" ",truncated,"

# ---- Evaluation ----

# field EXPRESSION: of the JSON object in out.txt, called e
field() { node -p "const e = JSON.parse(require('fs').readFileSync('out.txt', 'utf8')); $1"; }
run evaluate --model model.onnx --labels labels.csv --json --draws 50 --by 'the "site"'
is "evaluate exits with 0" "$status $err" "0 "
is "evaluate: files" "$(field '[e.schema, e.files, e.failed, e.scored, e.patients]')" \
    "[ 'pleura.evaluation/1', 6, 0, 4, 5 ]"
is "evaluate: figures by hand" \
    "$(field '["auc", "sensitivity", "specificity", "accuracy"].map((f) => e.figures[f][0])')" \
    "[ 0.625, 1, 0.5, 0.75 ]"
is "evaluate: confusion" "$(field 'JSON.stringify(e.confusion)')" "[[1,1],[0,2]]"
is "evaluate: groups" "$(field 'JSON.stringify(e.groups["a, b"])')" \
    '{"films":1,"cannot_say":0,"auc":null,"sensitivity":null,"specificity":1,"accuracy":1}'
is "evaluate: reasons" "$(field 'JSON.stringify(e.reasons)')" '{"colour":1}'
run evaluate --model model.onnx --labels labels.csv --json --where patient_id=2 --threshold 0.8
is "evaluate --where, --threshold" "$(field '[e.files, e.figures.sensitivity[0]]')" "[ 2, 0.5 ]"
run evaluate --model model.onnx --labels labels.csv --json --prevalence 0.1
is "evaluate --prevalence" "$(field '[e.prevalence, e.figures.precision[0]]')" "[ 0.1, 0.1818182 ]"
mkdir tables
cp labels.csv tables/
run evaluate --model model.onnx --labels tables/labels.csv --folder .
is "evaluate --folder" "$status" 0
says "evaluate: a table for people" "$out" "specificity"
run evaluate --model model.onnx --labels tables/labels.csv --json
is "evaluate: files that are not there" "$status $(field e.failed)" "1 6"
says "and which" "$err" "tables/set/b.PNG: The file cannot be opened"
for wrong in "--labels ragged.csv" "--labels nameless.csv" "--labels none.csv" "film.png" \
    "--labels labels.csv --by none" "--labels labels.csv --where none=1" \
    "--labels labels.csv --where patient_id" "--labels labels.csv --where patient_id=9" \
    "--labels labels.csv --prevalence 1" "--labels labels.csv --draws 0" "--labels labels.csv --csv"
do
    # shellcheck disable=SC2086
    run evaluate --model model.onnx $wrong
    is "evaluate $wrong exits with 2" "$status ${#out}" "2 0"
done
for wrong in "nul NUL bytes" "open row 2 has a quote that is not closed" "behind row 2 has a quote"
do
    run evaluate --model model.onnx --labels "${wrong%% *}.csv"
    is "evaluate --labels ${wrong%% *}.csv exits with 2" "$status ${#out}" "2 0"
    says "and says why" "$err" "${wrong#* }"
done
run evaluate --model plain.onnx --labels labels.csv
is "evaluate with a model without a finding exits with 3" $status 3
says "and says why" "$err" "names no finding"

# ---- Bad files ----

run classify --model model.onnx --json cut.png film.png cut.jpg note.jpg empty.jpg page.png none.png
is "bad files exit with 1" $status 1
is "and do not stop the others" "$(rows)" "cut.png error truncated,film.png no_finding,\
cut.jpg error truncated,note.jpg error format,empty.jpg error empty,page.png error format,\
none.png error file,"
run classify --model model.onnx cut.png
says "people read why" "$out" "PNG: the file ends at byte"
name=$'two\nlines \e[31m"red" \xff.png'
cp film.png "$name"
run classify --model model.onnx --json "$name"
is "strange names in JSON" "$status $(wc -l <out.txt)" "0 1"
run classify --model model.onnx "$name"
is "strange names for people" "$(grep -c $'\e' out.txt) $(wc -l <out.txt)" "0 2"

# ---- Folders and lists ----

run classify --model model.onnx --json set
is "a folder, in order" "$(rows)" "a.png no_finding,b.PNG finding,IM0001 no_finding,"
ln -s .. set/deep/circle
run classify --model model.onnx --json set
is "a circle of links ends" "$(wc -l <out.txt)" 3
run classify --model model.onnx nothing
is "an empty folder exits with 2" $status 2
says "and is told" "$err" "empty"
printf 'film.png\r\n\nset\nnone.png' | "$pleura" classify --model model.onnx --json - >out.txt
is "a list exits with 1 for its bad file" $? 1
is "a list" "$(rows)" \
    "film.png no_finding,a.png no_finding,b.PNG finding,IM0001 no_finding,none.png error file,"
"$pleura" classify --model model.onnx --json - </dev/null >out.txt 2>err.txt
is "an empty list exits with 2" $? 2
yes film.png | head -3000 | timeout 120 "$pleura" classify --model model.onnx --json - |
    head -1 >out.txt
is "a reader that leaves early" "$(rows)" "film.png no_finding,"

# ---- Output ----

run classify --model model.onnx --json --output rows.jsonl film.png
is "--output" "$status $out $(wc -l <rows.jsonl)" "0  1"
run classify --model model.onnx --output none/rows.txt film.png
is "an output that cannot be made exits with 3" $status 3
if [ -e /dev/full ]; then
    "$pleura" classify --model model.onnx --json film.png film.png >/dev/full 2>err.txt
    is "a full disk exits with 3" $? 3
    says "and is told" "$(<err.txt)" "cannot be written"
fi

# ---- Steps ----

run tensor film.png --model model.onnx --output tensor.f32
is "tensor" "$status $(wc -c <tensor.f32)" "0 256"
run run tensor.f32 --model model.onnx --output logits.f32
is "run" "$status $(wc -c <logits.f32)" "0 8"
run run logits.f32 --model model.onnx --output x.f32
is "a tensor of another size exits with 1" $status 1
run tensor film.png --model model.onnx
is "tensor without --output exits with 2" $status 2

# ---- The shipped model ----

films=$here/../fixtures/films
if [ -e "$model" ] && ls "$films"/*.jpg >/dev/null 2>&1; then
    run classify --model "$model" --json "$films"
    is "the shipped model answers every film" "$status $(wc -l <out.txt)" \
        "0 $(find "$films" -name '*.jpg' | wc -l)"
    is "its rows are of the schema" "$(rows | grep -c 'not of the schema')" 0
else
    echo "ok # skip the shipped model is not there"
fi

all_checked
