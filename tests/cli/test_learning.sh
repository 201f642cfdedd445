#!/usr/bin/env bash
# `pleura learn` and profiles from outside, with the shipped model: test_learning.sh PLEURA MODEL
# Prints a line "ok" or "not ok" for each check; the exit status is 1 if any failed. Needs node.
set -u
# shellcheck source=checks.sh
. "$(dirname "$0")/checks.sh"
pleura=$(realpath "$1")
model=$(realpath -m "${2:-none}")
films=$(cd "$(dirname "$0")/../fixtures/films" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset PLEURA_MODEL

# run ARGUMENT...: sets $out, $err, $status
run() {
    "$pleura" "$@" --model "$model" >out.txt 2>err.txt
    status=$?
    out=$(<out.txt)
    err=$(<err.txt)
}

# field EXPRESSION FILE: of a JSON object `o`
field() { node -p "const o = JSON.parse(require('fs').readFileSync('$2', 'utf8')); $1"; }

if [ ! -e "$model" ]; then
    echo "ok # skip the shipped model is not there"
    exit 0
fi

# table TIMES: every film that often; each time as another patient's, every fifth with another label
table() {
    local round name label n=0
    echo 'path,labels,patient'
    for round in $(seq "$1"); do
        for name in normal-{1..4} bacterial-{1..4} viral-{1..4}; do
            n=$((n + 1))
            label=${name%-*}
            [ $((n % 5)) = 0 ] && label=$([ "$label" = normal ] && echo viral || echo normal)
            case $label in
            bacterial | viral) label="pneumonia;${label}_pneumonia" ;;
            esac
            echo "$name.jpg,$label,$name-$round"
        done
    done
}
table 20 >many.csv
table 3 >few.csv
common=(--folder "$films" --draws 200)

# ---- Calibrating ----

run learn --labels many.csv "${common[@]}" --json --out profile.json --accept-no-better
is "calibrating: exits with 0" $status 0
is "the report" "$(field '[o.schema, o.task, o.films, o.patients, o.folds].join()' out.txt)" \
    "pleura.learning/1,calibrate,240,240,5"
is "a temperature above 1 undoes too much confidence" "$(field 'o.temperature > 1' out.txt)" true
is "the profile" "$(field '[o.schema, o.task, o.finding].join()' profile.json)" \
    "pleura.profile/1,calibrate,pneumonia"
is "the profile has the threshold" "$(field 'Math.abs(o.threshold -
    JSON.parse(require("fs").readFileSync("out.txt")).threshold.after) < 1e-6' profile.json)" true
is "a line with the figures of a table, and of the reference films" \
    "$("$pleura" learn --labels many.csv "${common[@]}" --model "$model" 2>err.txt |
        grep -cE '^(auc|brier) ')" 4
says "that the model was chosen with these, too" \
    "$("$pleura" learn --labels many.csv "${common[@]}" --model "$model" 2>&1)" "before is a little too good"
cp "$model" alone.onnx
says "what is missing is said" "$("$pleura" learn --labels many.csv "${common[@]}" --model alone.onnx 2>&1)" \
    "no_reference: "
is "the model's own reference films are looked at" "$(field 'o.reference.films > 100 &&
    o.reference.figures.auc.before[0] > 0.9' out.txt)" true

run classify --json --profile profile.json "$films/normal-1.jpg"
is "a result with a profile" "$status $(field 'o.model.profile.length' out.txt)" "0 64"
is "uses its threshold" "$(field 'o.threshold' out.txt)" "$(field 'Number(o.threshold.toPrecision(7))' profile.json)"
run classify --csv --profile profile.json "$films/normal-1.jpg"
says "a row with a profile" "$(head -1 out.txt)" ",ms,framings,profile_sha256"
run classify --json "$films/normal-1.jpg"
is "without the profile the model is as it was" "$(field '"profile" in o.model' out.txt)" false
run evaluate --profile profile.json --labels many.csv "${common[@]}" --json
is "evaluate with a profile" "$status $(field 'o.model.profile.length' out.txt)" "0 64"
run info --json --profile profile.json
is "info with a profile" "$status $(field 'o.profile.length' out.txt)" "0 64"

# ---- Adapting ----

run learn --labels many.csv "${common[@]}" --task adapt --json --out adapted.json --onnx adapted.onnx \
    --accept-no-better
is "adapting: exits with 0" $status 0
is "the report of adapting" \
    "$(field '[o.task, o.starts_from, o.curve.length > 1, o.penalties.length > 2].join()' out.txt)" \
    "adapt,model,true,true"
run classify --json --profile adapted.json "$films"
cp out.txt with.jsonl
"$pleura" classify --json --model adapted.onnx "$films" >file.jsonl
is "the exported file answers as the profile does" "$(node -e '
    const read = (name) => require("fs").readFileSync(name, "utf8").trim().split("\n").map(JSON.parse);
    const [a, b] = [read("with.jsonl"), read("file.jsonl")];
    const gaps = a.map((row, i) => Math.max(...Object.keys(row.probabilities).map((k) =>
        Math.abs(row.probabilities[k] - b[i].probabilities[k]))));
    console.log(a.length, Math.max(...gaps) < 1e-5, a.every((row, i) => row.outcome === b[i].outcome));')" \
    "12 true true"
says "the file says where it is from" "$("$pleura" info --json --model adapted.onnx)" \
    "\"pleura.profile_of\":\"$(sha256sum "$model" | cut -c1-64)\""

sed 's/viral_pneumonia/nodule/; s/pneumonia;bacterial_pneumonia/none/; s/,normal,/,none,/' many.csv >own.csv
run learn --labels own.csv "${common[@]}" --task adapt --classes nodule,none --finding nodule --json
is "labels of one's own" "$status $(field '[o.labels[0].name, o.compared_with, o.starts_from].join()' out.txt)" \
    "0 nodule,chance,zero"

"$pleura" learn --labels own.csv "${common[@]}" --model "$model" --task adapt --classes nodule,none \
    --finding nodule >out.txt 2>err.txt
is "have no before: chance is what they are compared with" \
    "$(grep -c 'than chance' out.txt) $(grep -ci nan out.txt) $(grep -cE '^brier +- +0\.' out.txt)" "1 0 1"

# ---- Reference films ----

run learn --labels many.csv "${common[@]}" --write-reference reference.bin
is "reference films" "$status $(head -c 8 reference.bin)" "0 PLEURAR1"
run learn --labels many.csv "${common[@]}" --reference reference.bin --json
is "are looked at" "$status $(field 'o.reference.films' out.txt)" "0 240"
mkdir another && cp adapted.onnx another/model.onnx && cp reference.bin another/
"$pleura" learn --labels many.csv "${common[@]}" --model another/model.onnx >out.txt 2>err.txt
is "another model's, beside it, are told and left" "$? $(grep -c 'reference.bin (other_model)' err.txt) $(grep -c ^no_reference: out.txt)" "0 1 1"
run learn --labels many.csv "${common[@]}" --reference another/reference.bin
is "named, they are used by whose they are" "$status $(grep -c "too good" out.txt)" "0 0"
"$pleura" learn --labels many.csv "${common[@]}" --model another/model.onnx --reference reference.bin >out.txt 2>err.txt
is "and refused with another model" $? 3
head -c 1000 reference.bin >cut.bin
run learn --labels many.csv "${common[@]}" --reference cut.bin
is "damaged ones are refused" $status 3
says "and named" "$err" "cut.bin (corrupt)"

# ---- What is refused ----

run learn --labels few.csv "${common[@]}" --out none.json
is "too few films exit with 4" "$status $(ls none.json 2>/dev/null)" "4 "
says "and are told" "$err" "too_few_films"
{ echo path,labels && for n in {1..30}; do echo normal-1.jpg,normal; done; } >one.csv
run learn --labels one.csv "${common[@]}"
is "one class exits with 4" $status 4
says "and is told" "$err" "one_class"
# Labels that have nothing to do with the films: nothing can be better than before.
node -e 'const names = ["normal", "pneumonia"];
    console.log("path,labels");
    for (let n = 0; n < 80; n++) console.log(`normal-${n % 4 + 1}.jpg,${names[(n >> 2) % 2]}`);' >noise.csv
run learn --labels noise.csv "${common[@]}" --task adapt --classes normal,pneumonia --out none.json
is "no better exits with 4 and writes nothing" "$status $(ls none.json 2>/dev/null)" "4 "
says "and says so" "$err" "no_better"
says "and that patients are not named" "$out" "no_patients: "
run learn --labels noise.csv "${common[@]}" --task adapt --classes normal,pneumonia --out none.json \
    --accept-no-better
is "unless it is accepted" "$status $(field o.task none.json)" "0 adapt"

run classify --profile /dev/null "$films/normal-1.jpg"
is "an empty profile exits with 3" $status 3
says "and is told" "$err" "(profile)"
sed "s/\"sha256\":\"[0-9a-f]*\"/\"sha256\":\"$(printf 'a%.0s' {1..64})\"/" profile.json >other.json
run classify --profile other.json "$films/normal-1.jpg"
is "another model's profile exits with 3" $status 3
says "and is told" "$err" "(other_model)"
run learn --labels many.csv --task guess
is "an unknown task exits with 2" $status 2
run learn --labels many.csv --profile profile.json
is "learning from a profile exits with 2" $status 2
run learn --labels few.csv "${common[@]}"
few=$err
for separator in ';' '\t'; do
    awk -F, -v OFS="$separator" 'NR > 1 { $2 = "\"" $2 "\"" } { $1 = $1; print }' few.csv >spreadsheet.csv
    run learn --labels spreadsheet.csv "${common[@]}"
    is "a spreadsheet's table, with $separator" "$err" "$few"
done
sed 's/normal,/nomal,/; s/,pneumonia;/,pnuemonia;/; s/_pneumonia/_pnuemonia/' few.csv >misspelt.csv
run learn --labels misspelt.csv "${common[@]}"
is "labels that are none exit with 4" $status 4
says "and are named" "$err" "the first has 'nomal'"
run learn
is "learning from nothing exits with 2" $status 2
run learn --labels many.csv "${common[@]}" --task adapt --classes a,b
is "labels without their finding exit with 2" $status 2
says "and are told" "$err" "none of the labels"

all_checked
